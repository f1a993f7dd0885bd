"""Laws of routing: build and match are inverse, unrelated rules change nothing, weights and not the order of adding decide."""

import re
import string
import uuid

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from demijohn.http.errors import HTTPException
from demijohn.http.urls import decode_query, unquote
from demijohn.routing import Map, RedirectNeeded, RequestPath, RequestRedirect, Rule
from demijohn.routing.segments import Chain

text = st.text(min_size=1, max_size=8).filter(lambda t: "/" not in t and t.isprintable())
path_text = st.lists(text, min_size=1, max_size=3).map("/".join)

# Converter and the values it takes.
KINDS = {
    "": text,
    "string(length=3):": st.text(string.ascii_letters + "é -_.", min_size=3, max_size=3),
    "int:": st.integers(0, 10**30),
    "int(signed=True):": st.integers(-(10**6), 10**6),
    "int(fixed_digits=4):": st.integers(0, 9999),
    "float:": st.floats(0, 1e9, allow_nan=False).filter(lambda f: "e" not in str(f)),
    "uuid:": st.uuids(),
    "any(a, 'b c', é):": st.sampled_from(["a", "b c", "é"]),
    "path:": path_text,
}


@st.composite
def rules_with_values(draw):
    """Draw the text of a rule, each variable in a segment of its own, and values for it."""
    segments, values = [], {}
    for index in range(draw(st.integers(1, 4))):
        literal = draw(st.sampled_from(["a", "é b", "x.y", "", "%"]))
        if draw(st.booleans()):
            # A path is greedy about what is behind it: it goes last.
            kind = draw(st.sampled_from([kind for kind in KINDS if kind != "path:"]))
            values[f"v{index}"] = draw(KINDS[kind])
            segments.append(f"<{kind}v{index}>")
        else:
            segments.append(literal or f"s{index}")
    if draw(st.booleans()):
        values["last"] = draw(KINDS["path:"])
        segments.append("<path:last>")
    slash = draw(st.sampled_from(["", "/"]))
    return "/" + "/".join(segments) + slash, values


@given(
    rules_with_values(), st.dictionaries(st.from_regex(r"q[a-z]{0,3}", fullmatch=True), st.text(min_size=1), max_size=3)
)
def test_what_is_built_is_matched(rule_and_values, query):
    rule, values = rule_and_values
    url_map = Map([Rule(rule, endpoint="x")])
    assume(not any(str(value) in {"."} for value in values.values()))
    url = url_map.bind("h").build("x", {**values, **query})
    path, _, found_query = url.partition("?")
    assert url.isascii()
    assert url_map.bind("h").match(unquote(path)) == ("x", values)
    assert dict(decode_query(found_query)) == query


LITERALS = ["a", "b", "ab", "1", "12", "a-b"]
VARIABLES = ["<{}>", "<int:{}>", "v<int:{}>", "<{}>-b", "<any(a,b):{}>", "<string(length=2):{}>", "<float:{}>"]
segment_st = st.one_of(
    st.tuples(st.just(False), st.sampled_from(LITERALS)), st.tuples(st.just(True), st.sampled_from(VARIABLES))
)


@st.composite
def rule_texts(draw):
    out = ""
    for index, (_, part) in enumerate(draw(st.lists(segment_st, max_size=3))):
        out += "/" + part.format(f"n{index}")
    if draw(st.integers(0, 4)) == 0:
        out += "/<path:rest>"
    return out + draw(st.sampled_from(["", "/"])) if out else "/"


paths = st.lists(st.sampled_from([*LITERALS, "v1", "x-b", "1.5", "zz", "", "c"]), min_size=0, max_size=5).map(
    lambda parts: "/" + "/".join(parts)
)


def outcome(url_map, path, method="GET"):
    try:
        rule, values = url_map.match_path("", path, method)
    except RequestPath as redirect:
        return ("redirect", redirect.path_info)
    except HTTPException as error:
        return (type(error).__name__, getattr(error, "valid_methods", None))
    return (rule.rule, values)


@given(
    st.lists(rule_texts(), min_size=1, max_size=10, unique_by=lambda t: re.sub(r"n\d+", "", t).rstrip("/")), st.data()
)
def test_the_order_of_adding_does_not_matter(texts, data):
    # Rules of equal weight are tried in the order they were added; kinds that weigh the same are not mixed here.
    assume(not any(kind in text for text in texts for kind in ("<any", "<string", "<float")))
    shuffled = data.draw(st.permutations(texts))
    first = Map([Rule(text, endpoint=text) for text in texts])
    second = Map([Rule(text, endpoint=text) for text in shuffled])
    for path in data.draw(st.lists(paths, min_size=1, max_size=8)):
        assert outcome(first, path) == outcome(second, path)


@given(st.lists(rule_texts(), min_size=1, max_size=8), st.lists(rule_texts(), max_size=8), paths)
def test_rules_below_another_prefix_change_nothing(texts, others, path):
    alone = Map([Rule(text, endpoint=text) for text in texts])
    together = Map(
        [
            *(Rule(f"/elsewhere{text}", endpoint="other") for text in others),
            *(Rule(text, endpoint=text) for text in texts),
            *(Rule(text, endpoint="sub", subdomain="elsewhere") for text in others),
        ]
    )
    assert outcome(alone, path) == outcome(together, path)


@given(st.lists(rule_texts(), min_size=1, max_size=8), rule_texts())
def test_a_literal_path_is_found_whatever_else_there_is(texts, literal):
    literal = re.sub(r"<[^>]*>", "lit", literal)
    url_map = Map([*(Rule(text, endpoint=text) for text in texts), Rule(literal, endpoint="literal")])
    rule, values = url_map.match_path("", literal, "GET")
    assert rule.rule == literal
    assert values == {}


@given(st.lists(rule_texts(), min_size=1, max_size=8), paths)
def test_the_short_ways_say_what_the_long_way_says(texts, path):
    """The dict of exact paths and the descent without turning back are shortcuts only."""
    url_map = Map([Rule(text, endpoint=text) for text in texts])
    url_map.update()
    shortcut = outcome(url_map, path)
    url_map._matcher.exact.clear()
    without_exact = outcome(url_map, path)
    url_map._matcher.starts.clear()
    assert shortcut == without_exact == outcome(url_map, path)


@given(st.lists(rule_texts(), min_size=1, max_size=8), paths)
def test_a_redirect_leads_to_a_match_at_once(texts, path):
    urls = Map([Rule(text, endpoint=text) for text in texts]).bind("example.org")
    try:
        urls.match(path)
    except RequestRedirect as redirect:
        assert redirect.new_url.startswith("http://example.org/")
        endpoint, _ = urls.match(unquote(redirect.new_url.removeprefix("http://example.org")))
        assert endpoint in texts
    except HTTPException:
        pass


@given(
    st.lists(
        st.one_of(
            st.sampled_from(["-", "--", ".", "a", "-a", "/", "1", "/-"]).map(lambda text: (False, text)),
            st.sampled_from(
                [
                    "[^/]+", "[^/]{1,}", "[^/]{2,}", "[^/]{0,}", "[^/]{1,2}", "[^/]{2}", "[^/].*?", "[^/].*?",
                    r"\d+", r"-?\d+", r"\d+\.\d+", r"-?\d+\.\d+", r"(?:a|b\.|\-1)",
                ]
            ).map(lambda regex: (True, regex)),
        ),
        max_size=7,
    ),
    st.booleans(),
    st.text("-./a\nb1", max_size=14),
)  # fmt: skip
@settings(max_examples=400)
def test_a_part_is_cut_as_a_regex_cuts_it(drawn, ends_with_slash, segment):
    pieces = [(is_regex, f"(?P<v{at}>{text})" if is_regex else text) for at, (is_regex, text) in enumerate(drawn)]
    chain = Chain.of(pieces, ends_with_slash=ends_with_slash)
    if sum(is_regex for is_regex, _ in pieces) < 2:
        assert chain is None
        return
    regex = "".join(text if is_regex else re.escape(text) for is_regex, text in pieces)
    match = re.fullmatch(regex + ("(?<!/)(/?)" if ends_with_slash else ""), segment)
    cut = chain.match(segment)
    assert (cut is None) == (match is None)
    assert match is None or cut.groups() == match.groups()


@given(st.text(), st.sampled_from(["GET", "POST", "get", ""]))
@settings(max_examples=200)
def test_any_path_ends_in_a_match_or_an_http_error(path, method):
    url_map = Map(
        [
            Rule("/<int:a>/<float:b>", endpoint=1),
            Rule("/<path:p>/x", endpoint=2, methods=["GET"]),
            Rule("/<uuid:u>-<any(a,b):v>/", endpoint=3),
            Rule("/<path:p>/y/<path:q>/", endpoint=4),
        ]
    )
    try:
        assert url_map.bind("h").match(path, method)[0] in {1, 2, 3, 4}
    except HTTPException as error:
        assert error.code in {308, 404, 405}
    try:
        url_map.match_path("", "/" + path, method)
    except (HTTPException, RedirectNeeded):
        pass


def test_uuids_keep_their_type():
    value = uuid.UUID(int=5)
    url_map = Map([Rule("/<uuid:x>", endpoint="x")])
    assert url_map.bind("h").match(url_map.bind("h").build("x", {"x": value})) == ("x", {"x": value})
