"""Headers and HeaderSet: any sequence of operations, also those that must be refused."""

import pytest
from differential.profile import BATCH, steady
from differential.test_multidicts import method
from hypothesis import given
from hypothesis import strategies as st

keys = st.sampled_from(["X-A", "x-a", "Content-Type", "content-type", "X-Long-Name", "Set-Cookie", "", "a_b"])
bad_values = ["line\nbreak", "line\rbreak", "\r\n folded", "tab\there"]
good_values = st.one_of(
    st.sampled_from(["", "a", "text/html", "ü", "5", " padded "]), st.integers(0, 9), st.none(), st.just(1.5)
)
values = st.one_of(good_values, st.sampled_from(bad_values))
texts = st.sampled_from(["", "a", "text/html", "ü", " padded ", *bad_values])  # options need a text before them
odd_keys = st.sampled_from(["Ü", "X Y", "X:"])
value_lists = st.lists(values, max_size=3)
pairs = st.builds(lambda key, value: {"$tuple": [key, value]}, keys, values)
sources = st.one_of(
    st.lists(pairs, max_size=4),
    st.dictionaries(keys, st.one_of(values, value_lists), max_size=4).map(
        lambda found: {"$dict": [list(item) for item in found.items()]}
    ),
    st.lists(pairs, max_size=3).map(lambda found: {"$make": ["MultiDict", [found]]}),
    st.lists(pairs, max_size=3, unique_by=lambda pair: pair["$tuple"][0].lower()).map(
        lambda found: {"$make": ["Headers", [found]]}
    ),
)
options = st.dictionaries(
    st.sampled_from(["filename", "charset", "max_age", "a_b"]),
    st.one_of(st.sampled_from(["x", 'quo"te', "sp ace", "ü", "back\\slash", "", *bad_values]), st.none()),
    max_size=2,
)
positions = st.integers(-4, 4)
slices = st.tuples(st.none() | positions, st.none() | positions, st.none() | st.sampled_from([1, 2, -1])).map(
    lambda found: {"$slice": list(found)}
)
conversions = st.sampled_from([{"$type": "int"}, {"$type": "float"}])
steps = st.one_of(
    st.builds(lambda key: ["item", key], st.one_of(keys, positions, slices)),
    st.builds(lambda key, value: ["setitem", key, value], st.one_of(keys, odd_keys), values),
    st.builds(lambda key, pair: ["setitem", key, pair], positions, pairs),
    st.builds(lambda key, found: ["setitem", key, found], slices, st.lists(pairs, max_size=3)),
    st.builds(lambda key: ["delitem", key], st.one_of(keys, positions, slices)),
    st.builds(lambda key: ["in", key], keys),
    st.builds(lambda source: ["eq", source], sources),
    st.builds(lambda source: ["or", source], sources),
    st.builds(lambda source: ["ior", source], sources),
    st.sampled_from([["len"], ["list"], ["bool"], ["repr"], ["str"], ["copied"], ["pickled"], ["hash"], ["deep"]]),
    st.sampled_from(
        [[".copy"], [".clear"], [".popitem"], [".pop"], [".to_wsgi_list"], [".keys"], [".values"], [".items"]]
    ),
    method("items", lower=st.booleans()),
    method("keys", lower=st.booleans()),
    method("get", keys),
    method("get", keys, default=values, type=conversions),
    method("getlist", keys, type=conversions),
    method("get_all", keys),
    method("pop", st.one_of(keys, positions)),
    method("pop", keys, values),
    method("remove", st.one_of(keys, positions)),
    method("setdefault", keys, values),
    method("setlist", keys, st.lists(good_values, max_size=3)),
    method("setlistdefault", keys, st.lists(good_values, max_size=3)),
    method("extend", sources),
    method("extend", sources, X_A=values),
    method("update", sources),
    method("update", X_A=st.one_of(values, value_lists)),
    *(
        st.builds(lambda name, key, value, extra: [name, [key, value], extra], st.just(name), keys, texts, options)
        for name in (".add", ".set", ".add_header")
    ),
)
cases = st.tuples(
    st.one_of(st.just(["Headers"]), st.builds(lambda source: ["Headers", [source]], sources)),
    st.lists(steps, max_size=7),
).map(list)


@steady(80)
@given(st.lists(cases, min_size=1, max_size=BATCH))
def test_operations(agree, batch):
    agree.all("values.operate", batch)


environs = st.dictionaries(
    st.sampled_from(
        ["HTTP_X_A", "HTTP_ACCEPT", "CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_CONTENT_TYPE", "REQUEST_METHOD", "HTTP_A"]
    ),
    st.sampled_from(["", "x", "5", "ü", "text/plain"]),
)
environ_steps = st.one_of(
    st.builds(lambda key: ["in", key], st.sampled_from(["x-a", "Content-Type", "content-length", "", "x_a"])),
    st.builds(lambda key: [".get", [key, "?"]], st.sampled_from(["x-a", "Content-Type", "content-length", "x_a"])),
    st.sampled_from(
        [["len"], ["list"], ["repr"], ["str"], ["copied"], ["hash"], ["setitem", "a", "b"], ["delitem", "A"], [".keys"]]
    ),
    st.sampled_from(
        [[".getlist", ["X-A"]], [".get", ["Content-Length"], {"type": {"$type": "int"}}], [".copy"], [".pop", ["A"]]]
    ),
)


@steady(20)
@given(st.lists(st.tuples(environs, st.lists(environ_steps, max_size=6)), max_size=BATCH))
def test_environ_headers(agree, batch):
    agree.all("values.operate", [[["EnvironHeaders", [environ]], found] for environ, found in batch])


names = st.sampled_from(["a", "A", "b", "gzip", "x y", ""])
lower_names = st.sampled_from(["a", "b", "gzip", "x y", ""])
set_steps = st.one_of(
    method("add", names),
    method("remove", lower_names),
    method("discard", lower_names),
    method("find", names),
    method("index", names),
    st.builds(lambda name: ["in", name], names),
    st.builds(lambda index: ["item", index], st.integers(-2, 3)),
    st.builds(lambda index: ["delitem", index], st.integers(-2, 3)),
    st.builds(lambda index: ["setitem", index, "new"], st.integers(-2, 3)),
    st.sampled_from(
        [["len"], ["list"], ["bool"], ["str"], ["repr"], [".to_header"], [".clear"], [".as_set"], [".as_set", [True]]]
    ),
)


@steady(20)
@given(
    st.lists(
        st.tuples(st.lists(names, max_size=3, unique_by=str.lower), st.lists(set_steps, max_size=6)), max_size=BATCH
    )
)
def test_header_sets(agree, batch):
    agree.all("values.operate", [[["HeaderSet", [found]], steps] for found, steps in batch])


@pytest.mark.parametrize("value", bad_values)
@pytest.mark.parametrize("step", [".add", ".set", ".setdefault"])
def test_line_breaks(agree, step, value):
    agree("values.operate", ["Headers", [[{"$tuple": ["A", "b"]}]]], [[step, ["X", value]]])
    agree("values.operate", ["Headers"], [[".setlist", ["X", [value, "fine"]]]])
    agree("values.operate", ["Headers"], [[".add", ["X", "y"], {"option": value}]])
    agree("values.operate", ["Headers", [{"X": value}]], [])
