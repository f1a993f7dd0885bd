"""Status codes and status lines: names by code, `200 -> "200 OK"` and back. No exceptions here; see `errors`."""

from http import HTTPStatus
from typing import Final

HTTP_STATUS_CODES: Final[dict[int, str]] = {
    100: "Continue",
    101: "Switching Protocols",
    102: "Processing",
    103: "Early Hints",
    200: "OK",
    201: "Created",
    202: "Accepted",
    203: "Non Authoritative Information",
    204: "No Content",
    205: "Reset Content",
    206: "Partial Content",
    207: "Multi Status",
    208: "Already Reported",
    226: "IM Used",
    300: "Multiple Choices",
    301: "Moved Permanently",
    302: "Found",
    303: "See Other",
    304: "Not Modified",
    305: "Use Proxy",
    306: "Switch Proxy",
    307: "Temporary Redirect",
    308: "Permanent Redirect",
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
    411: "Length Required",
    412: "Precondition Failed",
    413: "Request Entity Too Large",
    414: "Request URI Too Long",
    415: "Unsupported Media Type",
    416: "Requested Range Not Satisfiable",
    417: "Expectation Failed",
    418: "I'm a teapot",
    421: "Misdirected Request",
    422: "Unprocessable Entity",
    423: "Locked",
    424: "Failed Dependency",
    425: "Too Early",
    426: "Upgrade Required",
    428: "Precondition Required",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    449: "Retry With",
    451: "Unavailable For Legal Reasons",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
    505: "HTTP Version Not Supported",
    506: "Variant Also Negotiates",
    507: "Insufficient Storage",
    508: "Loop Detected",
    510: "Not Extended",
    511: "Network Authentication Failed",
}
"""COMPAT: the names Werkzeug's users see; where RFC 9110 has newer ones (413, 414, 416) the old ones stay."""

# PERF: every code with a name, rendered once; an answer's status is then one dict lookup.
_LINES: Final[dict[int, str]] = {code: f"{code} {name.upper()}" for code, name in HTTP_STATUS_CODES.items()}


def status_line(code: int) -> str:
    """Return code and upper-case reason, as in `"404 NOT FOUND"`; the reason of a code without a name is `UNKNOWN`."""
    return _LINES.get(code) or f"{int(code)} UNKNOWN"


def parse_status(status: str | int | HTTPStatus) -> tuple[str, int]:
    """Return the status line and the code of what an application gave as a status.

    A number and a text that is only a number get the code's reason; a text keeps its own. A text that does not begin with a
    number is taken as a reason for code 0: `"wtf"` becomes `("0 wtf", 0)`.

    Raises:
        ValueError: the text is empty.
    """
    if isinstance(status, int):
        code = int(status)
        return _LINES.get(code) or f"{code} UNKNOWN", code
    status = status.strip()
    if not status:
        raise ValueError("Empty status argument")
    number, space, _ = status.partition(" ")
    try:
        code = int(number)
    except ValueError:
        return f"0 {status}", 0
    return (status if space else status_line(code)), code
