"""Differences of routing, applications and test clients."""

from typing import Any

from differential.deviations.entry import Deviation, Holds


def _rule_has(text: str) -> Holds:
    """Holds for maps with this text in a rule."""
    return lambda arguments, theirs, ours: any(isinstance(rule, dict) and text in rule["rule"] for rule in arguments[0])


def _takes_a_slash(arguments: list[Any], theirs: Any, ours: Any) -> bool:
    """Holds for rules that put up with a slash and end with a variable whose converter mentions one in its regex."""
    rules = [rule for entry in arguments[0] for rule in (entry[2] if isinstance(entry, list) else [entry])]
    is_lax = arguments[1].get("strict_slashes") is False
    return any(
        rule["rule"].endswith(("<list:x>", "<list:y>", "<list:z>")) and (is_lax or rule.get("strict_slashes") is False)
        for rule in rules
    ) and "NotFound" in str(theirs)


ROUTES = [
    Deviation(
        "urlmaps.ask",
        _takes_a_slash,
        "With strict_slashes=False a leaf takes a slash at its end, whatever its converter's regex looks like.",
        [
            [{"rule": "/a/<list:x>", "endpoint": "e", "strict_slashes": False}],
            {"converters": True},
            [["match", {}, "/a/b/", "GET"]],
        ],
    ),
    Deviation(
        "urlmaps.ask",
        None,
        "Factories keep `websocket` of the rules they copy.",
        [
            [["Submount", "/p", [{"rule": "/x", "endpoint": "e", "websocket": True}]]],
            {},
            [["match", {"url_scheme": "ws"}, "/p/x", "GET"]],
        ],
    ),
    Deviation(
        "urlmaps.ask",
        None,
        "Two numbers without a space between them are two arguments.",
        [[{"rule": "/<string(2,3):x>", "endpoint": "e"}], {}, [["match", {}, "/ab", "GET"]]],
    ),
    Deviation(
        "urlmaps.ask",
        None,
        "Arguments of converters may be negative.",
        [[{"rule": "/<int(min=-5,signed=True):x>", "endpoint": "e"}], {}, [["match", {}, "/-4", "GET"]]],
    ),
    Deviation(
        "urlmaps.ask",
        None,
        "`any` takes numbers.",
        [[{"rule": "/<any(1, 2):x>", "endpoint": "e"}], {}, [["match", {}, "/1", "GET"]]],
    ),
    Deviation(
        "urlmaps.ask",
        None,
        "What `any` builds is percent-encoded.",
        [[{"rule": "/<any('a b',c):x>", "endpoint": "e"}], {}, [["build", {}, "e", {"x": "a b"}]]],
    ),
    Deviation(
        "urlmaps.ask",
        None,
        "A variable that occurs twice is a ValueError.",
        [[{"rule": "/<x>/<x>", "endpoint": "e"}], {}, []],
    ),
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


def _redirects_to(target: str) -> Holds:
    """Holds for clients that are sent to this target."""
    return lambda arguments, theirs, ours: f"'to': '{target}'" in str(arguments)


def _redirected(target: str) -> list[Any]:
    return [{}, [["open", "/a/b", {"query_string": {"to": target, "code": "302"}, "follow_redirects": True}]]]


APPS = [
    Deviation(
        "setups.run",
        None,
        "The teardown of a context that a stream keeps runs once, when the stream ends.",
        ["streams"],
    ),
    Deviation(
        "clients.environ_of",
        None,
        "A Content-Length among the headers of a builder is kept.",
        [["/"], {"headers": {"Content-Length": "7"}}],
    ),
    Deviation(
        "clients.environ_of",
        None,
        "File names are escaped as browsers do.",
        [["/"], {"data": {"f": {"$tuple": [{"$file": "x"}, 'a"b']}}}],
    ),
    Deviation(
        "clients.browse",
        None,
        "Max-Age wins over Expires (RFC 6265 §5.3).",
        [
            {},
            [
                [
                    "open",
                    "/",
                    {"query_string": {"cookie": ["a=1; Max-Age=100; Expires=Thu, 01 Jan 1970 00:00:00 GMT"]}},
                ],
                ["cookie", "a"],
            ],
        ],
    ),
    Deviation(
        "clients.browse",
        None,
        "A negative Max-Age deletes (RFC 6265 §5.2.2).",
        [{}, [["open", "/", {"query_string": {"cookie": ["a=1; Max-Age=-1"]}}], ["cookie", "a"]]],
    ),
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
        lambda arguments, theirs, ours: "'Host': 'a..b'" in str(arguments[2]),
        "A host that is no DNS name is an error (400) only where a URL is built for it; RFC 3986 §3.2.2 allows it.",
        ["methods", {}, [["GET", "/echo", {"headers": {"Host": "a..b"}}]]],
    ),
    Deviation(
        "apps.served",
        lambda arguments, theirs, ours: arguments[0] == "outcomes" and "/wsgi" in str(arguments[2]),
        "A WSGI application as a view's answer has a Content-Length if it returned a list.",
        ["outcomes", {}, [["GET", "/wsgi", {}]]],
    ),
]

_FOLDER = __file__.rpartition("/")[0].rpartition("/")[0]
FEATURES = [
    Deviation(
        "features.run",
        None,
        "An HTTP error that has no code is 500, and not 200 with the page of an error.",
        ["errors_without_a_code"],
    ),
    Deviation(
        "features.run",
        None,
        "All teardown functions run, even if one raises.",
        ["teardown_that_raises"],
    ),
    Deviation(
        "features.run",
        None,
        "In a `with client:` block a context is torn down once, when it is let go.",
        ["teardown_in_client_blocks"],
    ),
    Deviation(
        "features.run",
        None,
        "`module:a.b` and `module:` lead to an application, and an application is not called for one.",
        ["discovery_of_more"],
    ),
    Deviation(
        "features.run",
        None,
        "The test client says who it is: demijohn.",
        ["user_agent_of_the_client"],
    ),
]
PLUMBING = [
    Deviation(
        "plumbing.shared",
        None,
        "A condition of the client counts even if the file is not to be cached by others.",
        [_FOLDER, "/one", {"cache": False}, {"HTTP_IF_MODIFIED_SINCE": "Fri, 01 Jan 2100 00:00:00 GMT"}],
    ),
    Deviation(
        "plumbing.shared",
        None,
        "The answer to HEAD has no body.",
        [_FOLDER, "/one", {}, {"REQUEST_METHOD": "HEAD"}],
    ),
    Deviation(
        "plumbing.limited",
        None,
        "Reading nothing of a stream that was cut short is nothing; what has come is handed over before the error.",
        ["abc", 12, False, [["read", 0], ["readline", 2], ["readline", 2]]],
    ),
    Deviation(
        "plumbing.input_stream",
        None,
        "A stream of unknown length that is longer than the maximum is 413, not cut.",
        [{"wsgi.input_terminated": True}, "content", {"max_content_length": 2}],
    ),
    Deviation(
        "plumbing.helpers", None, "`Response.from_app` keeps what was written when it buffers.", ["from_app", {}]
    ),
    Deviation(
        "plumbing.proxied_value",
        lambda arguments, theirs, ours: "TypeError" in str(theirs) and "RuntimeError" in str(ours),
        "Operators of an unbound proxy say that it is unbound, not that the type does not support them.",
        [5, "lt", 2, "unbound"],
    ),
    Deviation(
        "plumbing.shared",
        None,
        "A file is exported under its own path only, not with a slash behind it.",
        [_FOLDER, "/one/", {}, {}],
    ),
]
