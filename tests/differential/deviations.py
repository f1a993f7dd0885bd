"""Every known difference to the originals that is meant, with its reason.

A deviation names its probe and says for which arguments and outcomes it holds. Its example must differ today, and must be found
by it: an entry that has become stale fails test_deviations.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Deviation:
    """One difference that is meant."""

    probe: str
    holds: Callable[[list[Any], Any, Any], bool]  # of the arguments, the originals' outcome and ours
    reason: str
    example: list[Any]


def _has_step(*names: str) -> Callable[[list[Any], Any, Any], bool]:
    """Holds where an object is called with one of these steps."""
    return lambda arguments, theirs, ours: any(step[0] in names for step in arguments[1])


def _has(*fragments: str) -> Callable[[list[Any], Any, Any], bool]:
    """Holds where all of these are in the arguments, as Python writes them."""
    return lambda arguments, theirs, ours: all(fragment in repr(arguments) for fragment in fragments)


def _made_by(kind: str, holds: Callable[[list[Any], Any, Any], bool]) -> Callable[[list[Any], Any, Any], bool]:
    """Holds for objects of one kind only."""
    return lambda arguments, theirs, ours: arguments[0][0] == kind and holds(arguments, theirs, ours)


def _has_repeats(names: list[str], steps: list[list[Any]]) -> bool:
    return len({name.lower() for name in names}) < len(names) or any(
        step[0] in (".update", "setitem") for step in steps
    )


def _sets_several(steps: list[list[Any]]) -> bool:
    return any(step[0] in (".setlist", ".setlistdefault", ".update", "ior") and "\\n" in repr(step) for step in steps)


_COMBINED = ["CombinedMultiDict", [[{"$make": ["MultiDict", [{"a": ["1", "2"]}]]}]]]
_OBJECTS = [
    Deviation(
        "values.operate",
        _made_by("CombinedMultiDict", _has_step("deep", ".deepcopy")),
        "A CombinedMultiDict can be copied deeply.",
        [_COMBINED, [["deep"]]],
    ),
    Deviation(
        "values.operate",
        _made_by("CombinedMultiDict", _has_step("dict", ".keys")),
        "The keys of a CombinedMultiDict come in order, not as a set.",
        [_COMBINED, [[".keys"]]],
    ),
    Deviation(
        "values.operate",
        _made_by("CombinedMultiDict", _has_step("eq")),
        "A CombinedMultiDict is equal to what has its content; Werkzeug compares it as an empty dict.",
        [_COMBINED, [["eq", {"$make": ["MultiDict"]}]]],
    ),
    Deviation(
        "values.operate",
        _made_by("MultiDict", lambda arguments, theirs, ours: "IndexError" in str(theirs)),
        "A key with an empty list has no item, and is no IndexError.",
        [["MultiDict"], [[".setlist", ["a", []]], [".items"]]],
    ),
    Deviation(
        "values.operate",
        _made_by("EnvironHeaders", _has_step(".clear")),
        "Clearing read-only headers is refused as every other change.",
        [["EnvironHeaders", [{}]], [[".clear"]]],
    ),
    Deviation(
        "values.operate",
        _made_by("EnvironHeaders", _has_step("item")),
        "A missing field is a BadRequestKeyError in read-only headers too, as documented.",
        [["EnvironHeaders", [{}]], [["item", "X"]]],
    ),
    Deviation(
        "values.operate",
        _made_by("HeaderSet", lambda arguments, theirs, ours: _has_repeats(arguments[0][1][0], arguments[1])),
        "A HeaderSet never has a name twice: not from its first values, not by update, not by an index.",
        [["HeaderSet", [["a", "a"]]], [["len"]]],
    ),
    Deviation(
        "values.operate",
        _made_by("Headers", _has("\\x00")),
        "NUL is refused in values as CR and LF are.",
        [["Headers"], [[".set", ["X", "\0"]]]],
    ),
    Deviation(
        "values.operate",
        lambda arguments, theirs, ours: (
            arguments[0][0] == "Headers" and any(bad in str(arguments) for bad in ("X\\n", "X\\r"))
        ),
        "Line breaks are refused in names too.",
        [["Headers"], [[".set", ["X\nY", "y"]]]],
    ),
    Deviation(
        "values.operate",
        _made_by("Headers", lambda arguments, theirs, ours: any(len(step) == 3 and step[2] for step in arguments[1])),
        "A number may have options.",
        [["Headers"], [[".add", ["X", 1], {"a": "b"}]]],
    ),
    Deviation(
        "values.operate",
        _made_by("Headers", lambda arguments, theirs, ours: _sets_several(arguments[1])),
        "All values are checked before any is set.",
        [["Headers"], [[".setlist", ["X", ["fine", "line\nbreak"]]]]],
    ),
    Deviation(
        "values.operate",
        _made_by("Headers", _has_step(".update", "ior")),
        "Update with headers of repeated names keeps each name's values together.",
        [["Headers"], [[".update", [{"$make": ["Headers", [[{"$tuple": [name, name]} for name in "aba"]]]}]]]],
    ),
]
_FIELDS = [
    Deviation(
        "values.operate",
        _made_by("parse_cache_control_header", _has("MAX-AGE")),
        "Cache directives are read without regard to case (RFC 9111 §5.2).",
        [["parse_cache_control_header", ["MAX-AGE=5"]], [["str"]]],
    ),
    Deviation(
        "values.operate",
        _made_by("parse_content_range_header", _has(".set', [5, 1")),
        "A content range that is none is a ValueError, not an AssertionError.",
        [["parse_content_range_header", ["bytes 0-1/2"]], [[".set", [5, 1, 2]]]],
    ),
    Deviation(
        "values.operate",
        _made_by("parse_csp_header", _has("upgrade-insecure-requests")),
        "A policy directive without a value is kept.",
        [["parse_csp_header", ["upgrade-insecure-requests"]], [["str"]]],
    ),
    Deviation(
        "values.operate",
        _made_by("parse_if_range_header", _has("W/")),
        "If-Range knows that an etag is weak: it never matches (RFC 9110 §13.1.5).",
        [["parse_if_range_header", ['W/"a"']], [["str"]]],
    ),
    Deviation(
        "values.operate",
        _made_by("parse_range_header", _has("bytes=-5", "_range", "[1]")),
        "A suffix longer than the whole is the whole (RFC 9110 §14.1.2).",
        [["parse_range_header", ["bytes=-5"]], [[".range_for_length", [1]]]],
    ),
    Deviation(
        "values.call",
        lambda arguments, theirs, ours: arguments[0] == "parse_set_header",
        "A HeaderSet never has a name twice.",
        ["parse_set_header", "a, a"],
    ),
]
_TEXTS = [
    Deviation(
        "values.operate",
        _made_by("HeaderSet", _has_step(".remove", ".discard")),
        "A name is removed whatever its case; Werkzeug leaves it in the list if it is asked for in capitals.",
        [["HeaderSet", [["A"]]], [[".remove", ["A"]]]],
    ),
    Deviation(
        "values.operate",
        _made_by("parse_etags", lambda arguments, theirs, ours: arguments[0][1][0] == '""'),
        "The empty etag is a text, not None.",
        [["parse_etags", ['""']], [[".as_set"]]],
    ),
    Deviation(
        "values.operate",
        _made_by("parse_etags", lambda arguments, theirs, ours: arguments[0][1][0].strip() == "*"),
        "White space around * does not make an etag of it.",
        [["parse_etags", ["* "]], [[".as_set"]]],
    ),
    Deviation(
        "values.call",
        lambda arguments, theirs, ours: arguments[0] == "parse_cookie" and not arguments[1].isascii(),
        "Cookies that are not UTF-8 are decoded with U+FFFD, and are no UnicodeDecodeError.",
        ["parse_cookie", "a=\xfc"],
    ),
    Deviation(
        "values.call",
        lambda arguments, theirs, ours: arguments[0] == "safe_join" and "\0" in "".join(arguments[1:]),
        "A path with NUL is refused: opening it would raise.",
        ["safe_join", "/srv", "a\0b"],
    ),
    Deviation(
        "values.call",
        lambda arguments, theirs, ours: arguments[0] == "check_password_hash" and theirs == {"raised": "ValueError"},
        "A stored hash that is broken, or whose method is not known, is one that no password has.",
        ["check_password_hash", "scrypt:16:8:1$salt$", "secret"],
    ),
    Deviation(
        "values.call",
        lambda arguments, theirs, ours: arguments[0] == "get_current_url" and theirs == {"raised": "ValueError"},
        "A root path that looks like a port is quoted, not an error.",
        ["get_current_url", "https", "example.com:8080", ";", ";"],
    ),
]
_TEXTS += [
    Deviation(
        "values.call_with",
        lambda arguments, theirs, ours: (
            arguments[0] == "is_resource_modified" and arguments[1][0].get("HTTP_IF_MATCH") == "*"
        ),
        "If-Match: * is true of whatever exists (RFC 9110 §13.1.1).",
        ["is_resource_modified", [{"HTTP_IF_MATCH": "*"}], {"etag": "a"}],
    ),
]
_MULTIPART = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "multipart/form-data; boundary=b"}
_PART = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n'


def _is_multipart(arguments: list[Any]) -> bool:
    return "multipart/form-data" in arguments[0].get("CONTENT_TYPE", "")


_BODIES = [
    Deviation(
        "messages.read",
        lambda arguments, theirs, ours: (
            _is_multipart(arguments) and "max_form_memory_size" in arguments[2] and "EntityTooLarge" in str(theirs)
        ),
        "max_form_memory_size is about the bytes of one field; Werkzeug counts its parser's buffer.",
        [_MULTIPART, _PART + "\r\n--b--\r\n", {"max_form_memory_size": 2}, [["get", "form"]]],
    ),
    Deviation(
        "messages.read",
        lambda arguments, theirs, ours: _is_multipart(arguments) and "boundary" not in arguments[0]["CONTENT_TYPE"],
        "A multipart form that names no boundary is 400, not an empty form.",
        [{**_MULTIPART, "CONTENT_TYPE": "multipart/form-data"}, "x", {}, [["get", "form"]]],
    ),
    Deviation(
        "messages.read",
        lambda arguments, theirs, ours: _is_multipart(arguments) and "\n\n--b" in arguments[1],
        "A line feed alone does not begin a boundary (RFC 2046 §5.1.1).",
        [_MULTIPART, _PART + "\n--b\r\n--b--\r\n", {}, [["get", "form"]]],
    ),
    Deviation(
        "messages.read",
        lambda arguments, theirs, ours: _is_multipart(arguments) and "\r\n\r\n--b" in arguments[1],
        "A part whose content begins with the boundary is 400.",
        [_MULTIPART, _PART + "--b\r\n--b--\r\n", {}, [["get", "form"]]],
    ),
    Deviation(
        "messages.read",
        lambda arguments, theirs, ours: _is_multipart(arguments) and "--b--" not in arguments[1],
        "A form without its last boundary is 400: something is missing.",
        [_MULTIPART, _PART + "1", {}, [["get", "form"]]],
    ),
    Deviation(
        "messages.read",
        lambda arguments, theirs, ours: (
            "max_content_length" in arguments[2] and "wsgi.input_terminated" in arguments[0]
        ),
        "A body of unknown length that is too long is 413; Werkzeug hands over its beginning.",
        [
            {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": None, "wsgi.input_terminated": True},
            "abcde",
            {"max_content_length": 3},
            [["read"]],
        ],
    ),
]
_E = ["Response", ["0123456789"]]
_CONDITIONAL = [[".set_etag", ["e"]], ["make_conditional", {"accept_ranges": True, "complete_length": 10}]]


def _asks(arguments: list[Any], name: str) -> str:
    return str(arguments[-1].get(name, ""))


_ANSWERS = [
    Deviation(
        "messages.respond",
        lambda arguments, theirs, ours: bool(_asks(arguments, "HTTP_RANGE") and _asks(arguments, "HTTP_IF_NONE_MATCH")),
        "Conditions come first: what has not changed is 304, not 206 (RFC 9110 §13.2.2).",
        [_E, _CONDITIONAL, {"HTTP_RANGE": "bytes=0-4", "HTTP_IF_NONE_MATCH": '"e"'}],
    ),
    Deviation(
        "messages.respond",
        lambda arguments, theirs, ours: (
            bool(_asks(arguments, "HTTP_RANGE")) and _asks(arguments, "REQUEST_METHOD") == "HEAD"
        ),
        "A range is of GET only (RFC 9110 §14.2).",
        [_E, _CONDITIONAL, {"HTTP_RANGE": "bytes=0-4", "REQUEST_METHOD": "HEAD"}],
    ),
    Deviation(
        "messages.respond",
        lambda arguments, theirs, ours: _asks(arguments, "HTTP_RANGE").partition("=")[0] not in ("", "bytes"),
        "A range that is malformed or of an unknown unit is ignored (RFC 9110 §14.2).",
        [_E, _CONDITIONAL, {"HTTP_RANGE": "items=0-4"}],
    ),
    Deviation(
        "messages.respond",
        lambda arguments, theirs, ours: "," in _asks(arguments, "HTTP_RANGE"),
        "Several ranges at once are answered with the whole (RFC 9110 §14.2).",
        [_E, _CONDITIONAL, {"HTTP_RANGE": "bytes=0-1,4-5"}],
    ),
    Deviation(
        "messages.respond",
        lambda arguments, theirs, ours: "'status': 404" in str(arguments[0]),
        "Conditions are about what a 200 would answer; a 404 stays one (RFC 9110 §13.2.1).",
        [["Response", ["x"], {"status": 404}], _CONDITIONAL, {"HTTP_IF_NONE_MATCH": '"e"'}],
    ),
    Deviation(
        "messages.respond",
        lambda arguments, theirs, ours: ["set", "content_length", None] in arguments[1],
        "None set to a field of a number or a text removes it.",
        [["Response", ["x"]], [["set", "content_length", None]], {}],
    ),
    Deviation(
        "messages.redirect",
        lambda arguments, theirs, ours: arguments[0] == "append_slash_redirect" and arguments[2]["PATH_INFO"] != "/a",
        "The path is decoded and quoted as a path; Werkzeug quotes the latin-1 of the environ.",
        ["append_slash_redirect", [], {"PATH_INFO": "/\xc3\xbc"}],
    ),
    Deviation(
        "messages.send",
        lambda arguments, theirs, ours: bool(arguments[2].get("use_x_sendfile")),
        "A response with X-Sendfile has Content-Length 0, as its body has, and no ranges.",
        ["send_file", [__file__], {"use_x_sendfile": True}, {}],
    ),
    Deviation(
        "messages.send",
        lambda arguments, theirs, ours: arguments[0] == "send_file" and str(arguments[1][0]).endswith("/"),
        "A path with a slash at its end is opened as it is: no file.",
        ["send_file", [__file__ + "/"], {}, {}],
    ),
    Deviation(
        "messages.send",
        lambda arguments, theirs, ours: "bytes=-" in _asks(arguments, "HTTP_RANGE") and "NotSatisfiable" in str(theirs),
        "A suffix longer than the file is the file (RFC 9110 §14.1.2).",
        ["send_file", [{"$file": "x"}], {"mimetype": "a/b"}, {"HTTP_RANGE": "bytes=-5"}],
    ),
]


def _rule_has(text: str) -> Callable[[list[Any], Any, Any], bool]:
    """Holds for maps with this text in a rule."""
    return lambda arguments, theirs, ours: any(isinstance(rule, dict) and text in rule["rule"] for rule in arguments[0])


_ROUTES = [
    Deviation(
        "urlmaps.ask",
        _rule_has("(min=)"),
        "Arguments of a converter that are none are a ValueError when the rule is added.",
        [[{"rule": "/<int(min=):x>", "endpoint": "e"}], {}, [["match", {}, "/1", "GET"]]],
    ),
    Deviation(
        "urlmaps.ask",
        _rule_has("<any("),
        "What `any` cannot build is a ValueError, whatever its type.",
        [[{"rule": "/<any(a,b):x>", "endpoint": "e"}], {}, [["build", {}, "e", {"x": ["a"]}]]],
    ),
]


def _redirects_to(target: str) -> Callable[[list[Any], Any, Any], bool]:
    """Holds for clients that are sent to this target."""
    return lambda arguments, theirs, ours: f"'to': '{target}'" in str(arguments)


def _redirected(target: str) -> list[Any]:
    return [{}, [["open", "/a/b", {"query_string": {"to": target, "code": "302"}, "follow_redirects": True}]]]


_APPS = [
    Deviation(
        "clients.browse",
        _redirects_to("x"),
        "A relative redirect is relative to the URL that was asked for (RFC 9110 §10.2.2).",
        _redirected("x"),
    ),
    Deviation(
        "clients.browse",
        _redirects_to("//localhost/y"),
        "A redirect without a scheme keeps that of the request (RFC 9110 §10.2.2).",
        _redirected("//localhost/y"),
    ),
    Deviation(
        "apps.served",
        lambda arguments, theirs, ours: "'Content-Length': '5'" in str(arguments[2]),
        "The test client sends the Content-Length it is told to, also where the body is shorter.",
        ["methods", {}, [["GET", "/echo", {"headers": {"Content-Length": "5"}}]]],
    ),
    Deviation(
        "apps.served",
        lambda arguments, theirs, ours: (
            "'Host': 'evil host'" in str(arguments[2]) and "follow_redirects" in str(arguments[2])
        ),
        "The test client does not follow a redirect that names no host.",
        ["methods", {}, [["GET", "/slash", {"headers": {"Host": "evil host"}, "follow_redirects": True}]]],
    ),
    Deviation(
        "apps.served",
        lambda arguments, theirs, ours: arguments[0] == "outcomes" and "/wsgi" in str(arguments[2]),
        "A WSGI application as a view's answer has a Content-Length if it returned a list.",
        ["outcomes", {}, [["GET", "/wsgi", {}]]],
    ),
]
DEVIATIONS: list[Deviation] = [*_APPS, *_ROUTES, *_ANSWERS, *_BODIES, *_TEXTS, *_OBJECTS, *_FIELDS]


def find_deviation(probe: str, arguments: list[Any], theirs: Any, ours: Any) -> Deviation | None:
    """The entry that explains this difference."""
    for deviation in DEVIATIONS:
        if deviation.probe == probe and deviation.holds(arguments, theirs, ours):
            return deviation
    return None
