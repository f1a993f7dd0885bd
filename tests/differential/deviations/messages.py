"""Differences of requests and responses."""

from pathlib import Path
from typing import Any

from differential.deviations.entry import Deviation

_CORPUS = Path(__file__).parents[2] / "corpus"
_MULTIPART = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "multipart/form-data; boundary=b"}
_PART = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n'


def _is_multipart(arguments: list[Any]) -> bool:
    return "multipart/form-data" in arguments[0].get("CONTENT_TYPE", "")


BODIES = [
    Deviation(
        "messages.read",
        lambda arguments, theirs, ours: (
            _is_multipart(arguments) and ["read", 3] in arguments[3] and "TruncatedForm" in str(ours)
        ),
        "A form whose beginning was read by somebody else is 400, not an empty form.",
        [_MULTIPART, "--b--\r\n", {}, [["read", 3], ["get", "form"]]],
    ),
    Deviation(
        "messages.read",
        None,
        "A boundary with white space behind it is 400.",
        [_MULTIPART, '--b \r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n', {}, [["get", "form"]]],
    ),
    Deviation(
        "messages.read",
        None,
        "A first boundary that begins no line is 400.",
        [_MULTIPART, 'x--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n', {}, [["get", "form"]]],
    ),
    Deviation(
        "messages.read",
        None,
        "A Content-Length of a part that is not its length is 400.",
        [
            _MULTIPART,
            '--b\r\nContent-Disposition: form-data; name="a"\r\nContent-Length: 5\r\n\r\n1\r\n--b--\r\n',
            {},
            [["get", "form"]],
        ],
    ),
    Deviation(
        "messages.read",
        None,
        "A part with more than 16 fields is 413.",
        [
            _MULTIPART,
            '--b\r\nContent-Disposition: form-data; name="a"\r\n' + "X-A: y\r\n" * 20 + "\r\n1\r\n--b--\r\n",
            {},
            [["get", "form"]],
        ],
    ),
    Deviation(
        "messages.read",
        None,
        "A field without a name has the empty name, not None.",
        [_MULTIPART, "--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--\r\n", {}, [["get", "form"]]],
    ),
    Deviation(
        "messages.read",
        None,
        "wsgi.input_terminated counts if it is true, not if it is there.",
        [{**_MULTIPART, "CONTENT_LENGTH": None, "wsgi.input_terminated": False}, "a=1", {}, [["read"]]],
    ),
    Deviation(
        "messages.attributes",
        None,
        "A query that is not UTF-8 stays escaped, and is no UnicodeDecodeError.",
        [{"QUERY_STRING": "a=\xff"}, ["args"]],
    ),
    Deviation(
        "messages.attributes",
        None,
        "Cookies of raw UTF-8 are read as such: clients send it.",
        [{"HTTP_COOKIE": "a=\xc3\xbc"}, ["cookies"]],
    ),
    Deviation("messages.upload", None, "A FileStorage can be pickled.", [[{"$file": "x"}], {}, [["pickled"]]]),
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


ANSWERS = [
    Deviation(
        "messages.respond",
        None,
        "A response that says it has no ranges serves none.",
        [
            ["Response", ["x"]],
            [["make_conditional", {"accept_ranges": "none", "complete_length": 1}]],
            {"HTTP_RANGE": "bytes=0-0"},
        ],
    ),
    Deviation(
        "messages.respond",
        None,
        "Read-only headers given to a response are copied.",
        [["Response", [], {"headers": {"$make": ["EnvironHeaders", [{"HTTP_X": "y"}]]}}], [], {}],
    ),
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
        "Several ranges at once are answered, as multipart/byteranges (RFC 9110 §14.6).",
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
        lambda arguments, theirs, ours: arguments[0] == "send_from_directory" and "/." in f"/{arguments[1][1]}",
        "Names that begin with a dot are not sent from a folder unless they are asked for: .git, .env.",
        ["send_from_directory", [str(_CORPUS / "multipart"), ".gitattributes"], {}, {}],
    ),
    Deviation(
        "messages.send",
        lambda arguments, theirs, ours: arguments[0] == "send_file" and arguments[1][0] == "/dev/null",
        "What is no regular file is never opened: it could block.",
        ["send_file", ["/dev/null"], {}, {}],
    ),
    Deviation(
        "messages.send",
        lambda arguments, theirs, ours: "," in _asks(arguments, "HTTP_RANGE"),
        "Several ranges at once are answered, as multipart/byteranges (RFC 9110 §14.6).",
        ["send_file", [__file__], {}, {"HTTP_RANGE": "bytes=0-1,4-5"}],
    ),
    Deviation(
        "messages.send",
        lambda arguments, theirs, ours: "bytes=-" in _asks(arguments, "HTTP_RANGE") and "NotSatisfiable" in str(theirs),
        "A suffix longer than the file is the file (RFC 9110 §14.1.2).",
        ["send_file", [{"$file": "x"}], {"mimetype": "a/b"}, {"HTTP_RANGE": "bytes=-5"}],
    ),
]
