"""Routing: any set of rules sends any path to the same endpoint, and builds the same URLs."""

import re

import pytest
from differential.profile import steady
from hypothesis import given
from hypothesis import strategies as st

WORDS = ["a", "b", "ab", "1", "22", "a-b", "\u00fc"]
VARIABLES = [
    "<{0}>",
    "<string:{0}>",
    "<string(length=2):{0}>",
    "<string(minlength=2,maxlength=3):{0}>",
    "<int:{0}>",
    "<int(fixed_digits=2):{0}>",
    "<int(min=2,max=30):{0}>",
    "<int(signed=True):{0}>",
    "<float:{0}>",
    "<float(signed=True):{0}>",
    "<path:{0}>",
    "<any(a,b,'a-b'):{0}>",
    "<uuid:{0}>",
    "x<{0}>",
    "<{0}>.html",
    "<int:{0}>-y",
    "<list:{0}>",
    "<two:{0}>",
    "<wide:{0}>",
]
METHODS = [None, None, ["GET"], ["POST"], ["GET", "POST"], ["PUT", "DELETE"]]


@st.composite
def rule_texts(draw):
    pieces = draw(st.lists(st.one_of(st.sampled_from(WORDS), st.sampled_from(VARIABLES)), max_size=3))
    names = iter(draw(st.permutations(["x", "y", "z"])))
    if (
        sum("path:" in piece or "wide:" in piece for piece in pieces) > 1
    ):  # several of them are a matter of regex details
        pieces = [piece for piece in pieces if "path:" not in piece and "wide:" not in piece]
    text = "/" + "/".join(piece.format(next(names)) if "{0}" in piece else piece for piece in pieces)
    return text + draw(st.sampled_from(["", "", "/"])) if text != "/" else text


@st.composite
def rules(draw):
    found = []
    count = draw(st.integers(1, 6))
    for number in range(count):
        rule = {"rule": draw(rule_texts()), "endpoint": draw(st.sampled_from([f"e{number}", f"e{number}", "shared"]))}
        if (methods := draw(st.sampled_from(METHODS))) is not None:
            rule["methods"] = methods
        if draw(st.integers(0, 5)) == 0:
            rule["strict_slashes"] = draw(st.booleans())
        if draw(st.integers(0, 7)) == 0:
            rule["defaults"] = {"d": draw(st.sampled_from([1, 2]))}
        if draw(st.integers(0, 9)) == 0:
            rule["build_only"] = True
        if draw(st.integers(0, 9)) == 0:
            rule["merge_slashes"] = draw(st.booleans())
        if draw(st.integers(0, 9)) == 0:
            rule["redirect_to"] = "target/<x>" if "x>" in rule["rule"] else "target"
        found.append(rule)
    if draw(st.integers(0, 3)) == 0:
        found = [["Submount", "/sub", found[:2]], ["EndpointPrefix", "p.", found[2:]]]
    return found


map_options = st.fixed_dictionaries(
    {"converters": st.just(True)},
    optional={
        "strict_slashes": st.booleans(),
        "merge_slashes": st.booleans(),
        "redirect_defaults": st.booleans(),
        "sort_parameters": st.just(True),
    },
)
path_pieces = [
    "a",
    "b",
    "ab",
    "1",
    "22",
    "07",
    "a-b",
    "\u00fc",
    "x1",
    "a.html",
    "5-y",
    "1.5",
    "-3",
    "",
    "a+b",
    "..",
    "%20",
    "zzz",
    "sub",
    "99",
    "2+1",
]
UUID = "12345678-1234-5678-1234-567812345678"
paths = st.lists(st.sampled_from([*path_pieces, UUID]), max_size=4).map(lambda pieces: "/" + "/".join(pieces))
bindings = st.sampled_from(
    [
        {},
        {},
        {},
        {"script_name": "/app"},
        {"url_scheme": "https"},
        {"default_method": "POST"},
        {"path_info": "/a"},
        {"query_args": {"q": "1"}},
    ]
)
build_values = st.dictionaries(
    st.sampled_from(["x", "x", "y", "z", "d", "other"]),
    st.one_of(
        st.sampled_from(["a", "ab", "", "\u00fc", "a/b", "a b", "1.5", "?&", "a-b"]),
        st.integers(-3, 40),
        st.none(),
        st.just(1.5),
        st.just(["l", "m"]),
    ),
    max_size=4,
)
questions = st.one_of(
    st.builds(
        lambda bound, path, method: ["match", bound, path, method],
        bindings,
        paths,
        st.sampled_from(["GET", "GET", "POST", "PUT", "HEAD", "OPTIONS", None]),
    ),
    st.builds(lambda bound, path: ["allowed", bound, path], bindings, paths),
    st.builds(
        lambda bound, path, method: ["test", bound, path, method], bindings, paths, st.sampled_from(["GET", "POST"])
    ),
    st.builds(
        lambda bound, endpoint, values, extra: ["build", bound, endpoint, values, extra],
        bindings,
        st.sampled_from(["e0", "e1", "e2", "shared", "p.e2", "nope"]),
        build_values,
        st.fixed_dictionaries(
            {},
            optional={
                "method": st.sampled_from(["GET", "POST"]),
                "force_external": st.booleans(),
                "append_unknown": st.booleans(),
                "url_scheme": st.sampled_from(["https", ""]),
            },
        ),
    ),
)

FITTING = {
    "int": ["22", "07", "5"],
    "float": ["1.5"],
    "uuid": [UUID],
    "path": ["a/b", "a", "a//b"],
    "any": ["a-b", "b"],
    "two": ["22"],
    "wide": ["a/b"],
}


@st.composite
def near_paths(draw, found):
    """A path that one of the rules is likely to match."""
    flat = [rule for entry in found for rule in (entry[2] if isinstance(entry, list) else [entry])] or [{"rule": "/"}]
    text = draw(st.sampled_from(flat))["rule"]

    def fill(variable):
        kind = re.match("<(?:([a-z]+)[^:]*:)?", variable.group()).group(1)
        return draw(st.sampled_from(FITTING.get(kind, ["a", "22", "ab", "\u00fc"])))

    path = re.sub("<[^>]*>", fill, text)
    prefix = "/sub" if isinstance(found[0], list) and draw(st.booleans()) else ""
    return prefix + draw(st.sampled_from([path, path, path, path + "/", path.rstrip("/"), "/" + path, path + "/a"]))


@st.composite
def map_cases(draw):
    found = draw(rules())
    near = st.builds(
        lambda kind, bound, path, method: [kind, bound, path, method] if kind == "match" else [kind, bound, path],
        st.sampled_from(["match", "match", "match", "allowed"]),
        bindings,
        near_paths(found),
        st.sampled_from(["GET", "GET", "POST", "PUT", "HEAD", "OPTIONS", None]),
    )
    return [found, draw(map_options), draw(st.lists(st.one_of(near, near, questions), min_size=1, max_size=10))]


cases = map_cases()


@steady(160)
@given(st.lists(cases, min_size=1, max_size=4))
def test_maps(agree, batch):
    agree.all("urlmaps.ask", batch)


HOSTS = [
    {"rule": "/", "endpoint": "root"},
    {"rule": "/", "endpoint": "www", "subdomain": "www"},
    {"rule": "/<page>", "endpoint": "user", "subdomain": "<user>"},
    {"rule": "/<page>", "endpoint": "page"},
    ["Subdomain", "kb", [{"rule": "/", "endpoint": "kb"}, {"rule": "/x/", "endpoint": "kbx"}]],
]


@pytest.mark.parametrize("subdomain", [None, "", "www", "kb", "someone", "a.b"])
def test_subdomains(agree, subdomain):
    for default in ("", "www"):
        bound = {"subdomain": subdomain}
        asked = [["match", bound, path, "GET"] for path in ("/", "/x", "/x/", "/a/b")]
        asked += [
            ["build", bound, endpoint, {"user": "u", "page": "p"}]
            for endpoint in ("root", "www", "user", "page", "kb", "kbx")
        ]
        asked += [["build", bound, "kb", {}, {"force_external": True}]]
        agree("urlmaps.ask", HOSTS, {"default_subdomain": default}, asked)


def test_host_matching(agree):
    rules = [
        {"rule": "/", "endpoint": "a", "host": "www.example.com"},
        {"rule": "/", "endpoint": "b", "host": "<name>.example.com"},
        {"rule": "/x/", "endpoint": "c", "host": "files.example.com"},
    ]
    for server in ("www.example.com", "files.example.com", "q.example.com", "other.org", "www.example.com:8080"):
        bound = {"server_name": server}
        asked = [["match", bound, path, "GET"] for path in ("/", "/x", "/x/")]
        asked += [["build", bound, endpoint, {"name": "n"}] for endpoint in "abc"]
        agree("urlmaps.ask", rules, {"host_matching": True}, asked)


def test_websockets(agree):
    rules = [
        {"rule": "/ws", "endpoint": "ws", "websocket": True},
        {"rule": "/ws", "endpoint": "http"},
        {"rule": "/only", "endpoint": "only", "websocket": True},
        {"rule": "/plain", "endpoint": "plain"},
    ]
    for scheme in ("http", "ws", "wss"):
        bound = {"url_scheme": scheme}
        asked = [
            ["match", bound, path, "GET", None, flag]
            for path in ("/ws", "/only", "/plain")
            for flag in (None, True, False)
        ]
        asked += [
            ["build", bound, endpoint, {}, {"force_external": True}] for endpoint in ("ws", "http", "only", "plain")
        ]
        agree("urlmaps.ask", rules, {}, asked)


def test_aliases_and_defaults(agree):
    rules = [
        {"rule": "/all/", "endpoint": "page", "defaults": {"page": 1}},
        {"rule": "/all/page/<int:page>", "endpoint": "page"},
        {"rule": "/new/<x>", "endpoint": "alias"},
        {"rule": "/old/<x>", "endpoint": "alias", "alias": True},
        {"rule": "/branch/", "endpoint": "branch"},
        {"rule": "/leaf", "endpoint": "leaf"},
    ]
    paths = [
        "/all",
        "/all/",
        "/all/page/1",
        "/all/page/2",
        "/new/a",
        "/old/a",
        "/branch",
        "/leaf/",
        "//leaf",
        "/branch//",
    ]
    for bound in ({}, {"script_name": "/r"}, {"query_args": {"a": "b c"}}, {"query_args": "x=y&z"}):
        agree(
            "urlmaps.ask", rules, {}, [["match", bound, path, method] for path in paths for method in ("GET", "POST")]
        )
        agree(
            "urlmaps.ask",
            rules,
            {},
            [
                ["build", bound, name, values]
                for name in ("page", "alias", "leaf")
                for values in ({}, {"page": 1}, {"page": 2}, {"x": "y"})
            ],
        )


BAD_RULES = [
    "a",
    "/<",
    "/<int:>",
    "/<nope:x>",
    "/<x",
    "/<int(:x>",
    "",
    "/<x:>",
    "/a<b>c<d>",
    "/<x>|y",
    "/a|b",
    "/<>",
    "/<1x>",
]


@pytest.mark.parametrize("text", BAD_RULES)
def test_odd_rules(agree, text):
    agree(
        "urlmaps.ask",
        [{"rule": text, "endpoint": "e"}],
        {},
        [["match", {}, path, "GET"] for path in ("/a", "/a|b", "/<x", "/axcy", "/1")],
    )


BUILT = ["a", "ab", "", "a/b", "\u00fc ", 1, 22, -3, 1.5, 1e30, True, None, ["p", "q"], UUID, "a-b", "?#;"]


@pytest.mark.parametrize("text", VARIABLES)
def test_each_converter(agree, text):
    rule = {"rule": "/" + text.format("x"), "endpoint": "e"}
    asked = [
        ["match", {}, f"/{piece}", "GET"]
        for piece in [*path_pieces, UUID, "a/b", "9" * 30, "1.", ".5", "--1", "1e5", "\u0663", "a\nb"]
    ]
    asked += [["build", {}, "e", {"x": value}] for value in BUILT if "any" not in text or not isinstance(value, list)]
    agree("urlmaps.ask", [rule], {"converters": True}, asked)
