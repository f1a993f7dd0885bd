"""HTTP's values against Werkzeug's, in one run: `python -m bench.values`.

Each case is the same few lines on either library, timed in its own interpreter, the two turn and turn about. The ratio is
Werkzeug's time over ours: above 1 we are faster. Needs no server; the rivals' environment is built at the first run.
"""

import io
from importlib import import_module
from typing import Any

from .micro_forms import forms
from .turns import Case, compare

MODULES = {
    "Headers": ("demijohn.http.headers", "werkzeug.datastructures"),
    "MultiDict": ("demijohn.http.multidict", "werkzeug.datastructures"),
    "parse_cookie": ("demijohn.http.cookies", "werkzeug.http"),
    "dump_cookie": ("demijohn.http.cookies", "werkzeug.http"),
    "parse_options_header": ("demijohn.http.options", "werkzeug.http"),
    "parse_date": ("demijohn.http.dates", "werkzeug.http"),
    "http_date": ("demijohn.http.dates", "werkzeug.http"),
    "parse_accept_header": ("demijohn.http.accept", "werkzeug.http"),
    "MIMEAccept": ("demijohn.http.accept", "werkzeug.datastructures"),
    "Request": ("demijohn.message.request", "werkzeug.wrappers"),
    "Response": ("demijohn.message.response", "werkzeug.wrappers"),
    "send_file": ("demijohn.message.files", "werkzeug.utils"),
    "create_environ": ("demijohn.testing.run", "werkzeug.test"),
    "FormDataParser": ("demijohn.http.forms", "werkzeug.formparser"),
}

ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
COOKIE = "session=eyJhIjoxfQ.ZxYz.abcdef; theme=dark; _ga=GA1.2.1234567.890; csrftoken=abcdefghij0123456789"
START = [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-cache"), ("X-Frame-Options", "DENY")]


class Library:
    """The names above, of one of the two libraries."""

    def __init__(self, which: int) -> None:
        for name, modules in MODULES.items():
            setattr(self, name, getattr(import_module(modules[which]), name))

    def __getattr__(self, name: str) -> Any:  # Any: classes and functions of either library
        raise AttributeError(name)


def cases(lib: Library) -> dict[str, Case]:
    """Return what is timed."""
    environ = lib.create_environ(
        "/path/to?a=1&b=2&c=%C3%A4", "http://localhost/", headers={"Accept": ACCEPT, "Cookie": COOKIE}
    )
    file_environ = dict(environ)
    etag = lib.send_file(__file__, file_environ).headers["ETag"]
    not_modified = {**environ, "HTTP_IF_NONE_MATCH": etag}

    def start_response(*args: object) -> None:
        pass

    def build_headers() -> object:
        headers = lib.Headers(START)
        headers["Content-Length"] = "17"
        headers.add("Set-Cookie", "a=b")
        headers.setdefault("Vary", "Cookie")
        return headers.to_wsgi_list()

    def build_response() -> object:
        response = lib.Response("Hello, World!", mimetype="text/plain")
        response.headers["X-Custom"] = "value"
        return response.get_wsgi_response(environ)

    def wsgi_response() -> object:
        return list(lib.Response("Hello, World!")(environ, start_response))

    def parse_form(name: str) -> Case:
        body, content_type = forms()[name]
        parser = lib.FormDataParser()
        boundary = {"boundary": "-" * 24 + "d74496d66958873e"}

        def parse() -> None:
            files = parser.parse(io.BytesIO(body), content_type, len(body), boundary)[2]
            for file in files.values():
                file.close()

        return parse

    def read_request() -> object:
        request = lib.Request(dict(environ))
        return request.path, request.args["a"], request.cookies["theme"], request.headers["Accept"], request.host

    def answer_304() -> object:
        response = lib.send_file(__file__, not_modified)
        status = response.get_wsgi_response(not_modified)[1]
        response.close()
        return status

    multi = [("a", "1"), ("b", "2"), ("a", "3"), ("c", "4")]
    accept = lib.parse_accept_header(ACCEPT, lib.MIMEAccept)
    return {
        "parse form, 10 fields": parse_form("10 fields"),
        "parse multipart, 10 MiB file": parse_form("multipart, 10 MiB"),
        "parse multipart, 10 fields": parse_form("multipart, 10 fields"),
        "Headers: build and render": build_headers,
        "MultiDict: build and read": lambda: lib.MultiDict(multi).getlist("a"),
        "cookies: parse four": lambda: lib.parse_cookie(COOKIE),
        "cookies: dump one": lambda: lib.dump_cookie("session", "value", max_age=3600, httponly=True, samesite="Lax"),
        "Accept: parse": lambda: lib.parse_accept_header(ACCEPT, lib.MIMEAccept),
        "Accept: best match": lambda: accept.best_match(["application/json", "text/html"]),
        "options: parse Content-Type": lambda: lib.parse_options_header('multipart/form-data; boundary="abc"; x=y'),
        "date: parse": lambda: lib.parse_date("Sun, 06 Nov 1994 08:49:37 GMT"),
        "date: render": lambda: lib.http_date(784111777),
        "Request: path, args, cookie, field, host": read_request,
        "Response: build and render": build_response,
        "Response: as a WSGI application": wsgi_response,
        "send_file: 304": answer_304,
    }


if __name__ == "__main__":
    compare("values", __doc__, "Werkzeug 3.1.9", lambda is_rival: cases(Library(int(is_rival))))
