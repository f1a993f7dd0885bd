"""MultiDict and its family: any sequence of operations leaves both sides in the same state."""

from differential.profile import BATCH, steady
from hypothesis import given
from hypothesis import strategies as st

keys = st.sampled_from(["a", "b", "c", "A", "", "1"])
items = st.one_of(st.sampled_from(["", "x", "y", "1", "2.5", "nope"]), st.integers(-3, 3), st.none())
lists = st.lists(items, min_size=1, max_size=3)
tuples = st.builds(lambda key, value: {"$tuple": [key, value]}, keys, items)
sources = st.one_of(
    st.lists(tuples, max_size=5),
    st.dictionaries(keys, st.one_of(items, lists, lists.map(lambda found: {"$tuple": found})), max_size=4).map(
        lambda found: {"$dict": [[key, value] for key, value in found.items()]}
    ),
    st.lists(tuples, max_size=4).map(lambda found: {"$make": ["MultiDict", [found]]}),
    st.none(),
)


def method(name, *positional, **options):
    """A step that calls a method with drawn arguments."""
    return st.builds(
        lambda drawn, extra: [f".{name}", list(drawn), extra],
        st.tuples(*positional),
        st.fixed_dictionaries({}, optional=options),
    )


conversions = st.sampled_from([{"$type": "int"}, {"$type": "float"}, {"$type": "str"}])
reading = [
    st.builds(lambda key: ["item", key], keys),
    st.builds(lambda key: ["in", key], keys),
    st.builds(lambda source: ["eq", source], sources),
    st.builds(lambda source: ["or", source], sources),
    st.sampled_from(
        [["len"], ["list"], ["bool"], ["repr"], ["copied"], ["deep"], ["pickled"], ["hash"], ["dict"], ["str"]]
    ),
    method("get", keys),
    method("get", keys, items, type=conversions),
    method("get", keys, default=items, type=conversions),
    method("getlist", keys, type=conversions),
    method("items", multi=st.booleans()),
    st.sampled_from([[".lists"], [".listvalues"], [".values"], [".keys"], [".copy"], [".deepcopy"]]),
    method("to_dict", flat=st.booleans()),
    method("to_dict", st.booleans()),
]
writing = [
    st.builds(lambda key, value: ["setitem", key, value], keys, items),
    st.builds(lambda key: ["delitem", key], keys),
    st.builds(lambda source: ["ior", source], sources),
    method("add", keys, items),
    method("setdefault", keys),
    method("setdefault", keys, items),
    method("setlist", keys, lists),
    method("setlistdefault", keys),
    method("setlistdefault", keys, st.one_of(lists, st.none())),
    method("update", sources),
    method("pop", keys),
    method("pop", keys, items),
    method("poplist", keys),
    st.sampled_from([[".popitem"], [".popitemlist"], [".clear"]]),
]
makers = st.builds(lambda kind, source: [kind, [source]], st.sampled_from(["MultiDict", "ImmutableMultiDict"]), sources)
combined = st.builds(
    lambda parts: ["CombinedMultiDict", [[{"$make": ["MultiDict", [part]]} for part in parts]]],
    st.lists(st.lists(tuples, max_size=4), max_size=3),
)
UNORDERED = (
    ["deep"],
    ["dict"],
    ["list"],
    [".keys"],
    [".deepcopy"],
)  # and what CombinedMultiDict cannot do, or does not say in order
combined_steps = st.one_of(*reading, *writing).filter(lambda step: step not in UNORDERED and step[0] != "eq")
cases = st.one_of(
    st.tuples(makers, st.lists(st.one_of(*reading, *writing), max_size=8)).map(list),
    st.tuples(combined, st.lists(combined_steps, max_size=8)).map(list),
)


@steady(60)
@given(st.lists(cases, min_size=1, max_size=BATCH))
def test_operations(agree, batch):
    agree.all("values.operate", batch)


plain_makers = st.builds(
    lambda kind, source: [kind, [{"$dict": [[key, value] for key, value in source.items()]}]],
    st.sampled_from(["TypeConversionDict", "ImmutableTypeConversionDict", "ImmutableDict", "CallbackDict"]),
    st.dictionaries(keys, items, max_size=4),
)
plain_steps = [
    st.builds(lambda key: ["item", key], keys),
    st.builds(lambda key, value: ["setitem", key, value], keys, items),
    st.builds(lambda key: ["delitem", key], keys),
    st.sampled_from([["len"], ["repr"], ["copied"], ["hash"], [".copy"], [".popitem"], [".clear"], [".items"]]),
    method("get", keys, items),
    method("setdefault", keys, items),
    method("pop", keys, items),
    method(
        "update",
        st.dictionaries(keys, items, max_size=2).map(lambda found: {"$dict": [list(x) for x in found.items()]}),
    ),
]


@steady(25)
@given(st.lists(st.tuples(plain_makers, st.lists(st.one_of(*plain_steps), max_size=6)).map(list), max_size=BATCH))
def test_plain_dicts(agree, batch):
    agree.all("values.operate", batch)


list_steps = st.sampled_from(
    [
        ["item", 0],
        ["item", {"$slice": [0, 2, None]}],
        ["setitem", 0, 1],
        ["delitem", 0],
        [".append", [1]],
        [".extend", [[1]]],
        [".insert", [0, 1]],
        [".pop", []],
        [".remove", [1]],
        [".reverse", []],
        [".sort", []],
        ["ior", [1]],
        ["repr"],
        ["hash"],
        ["pickled"],
        ["copied"],
        ["eq", [1, 2]],
    ]
)


@steady(10)
@given(st.lists(st.integers(0, 3), max_size=3), st.lists(list_steps, max_size=8))
def test_lists(agree, values, steps):
    agree("values.operate", ["ImmutableList", [values]], steps)
