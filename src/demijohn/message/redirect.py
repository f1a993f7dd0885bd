"""Responses that send the client to another URL."""

from typing import Any
from urllib.parse import quote

from markupsafe import escape

from demijohn.http.urls import QUERY_SAFE

from .environ import Environ
from .response import Response as DefaultResponse


def redirect(location: str, code: int = 302, Response: Any = None) -> Any:  # noqa: N803  COMPAT: the parameter's name
    """Return a response, of class `Response` if one is given, that redirects to `location`: a URL or IRI, absolute or relative.

    301 and 302 let clients turn POST into GET, 303 makes them, 307 and 308 forbid it.

    Raises:
        ValueError: the location has control characters that no header field may carry.
    """
    shown = escape(location)
    page = (
        "<!doctype html>\n<html lang=en>\n<title>Redirecting...</title>\n<h1>Redirecting...</h1>\n"
        f'<p>The page is at <a href="{shown}">{shown}</a>. Follow the link if you are not taken there.</p>\n'
    )
    response = (DefaultResponse if Response is None else Response)(page, code, mimetype="text/html")
    response.headers["Location"] = location
    return response


def append_slash_redirect(environ: Environ, code: int = 308) -> Any:  # Any: see redirect
    """Return a redirect from the current path to the same path with a slash at the end, query kept.

    The location is relative to the current URL, so it holds wherever the application is mounted.
    """
    # SECURITY: only the last segment is used, so a path of "//host" cannot become another host; and it is quoted as the bytes
    # it was, colons too, so that it cannot become a scheme, a query or another path.
    tail = environ.get("PATH_INFO", "").encode("latin-1").rpartition(b"/")[2]
    location = quote(tail, safe="!$&'()*+,;=@") + "/" if tail else "./"
    query = environ.get("QUERY_STRING")
    if query:
        location += "?" + quote(query.encode("latin-1"), safe=QUERY_SAFE)
    return redirect(location, code)
