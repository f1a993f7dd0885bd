"""HTTP's values against Werkzeug's, in one run: `python -m bench.values`.

Each case is the same few lines on either library, timed in its own interpreter, the two turn and turn about. The ratio is
Werkzeug's time over ours: above 1 we are faster. Needs no server; the rivals' environment is built at the first run.
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from timeit import timeit
from typing import Any

from .contestants import RIVALS, ROOT, prepare_rivals
from .micro_forms import forms

Case = Callable[[], object]

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
    import io

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


def measure(case: Case) -> float:
    """Return the microseconds of one call, the best of five."""
    number = 1
    while timeit(case, number=number) < 0.02:
        number *= 2
    return min(timeit(case, number=number) for _ in range(5)) / number * 1e6


def run_cases(which: int) -> dict[str, float]:
    """Time all cases once."""
    return {name: measure(case) for name, case in cases(Library(which)).items()}


def main() -> None:
    """Time, and print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m bench.values", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--worker", type=int, choices=[0, 1])
    options = parser.parse_args()
    if options.worker is not None:
        json.dump(run_cases(options.worker), sys.stdout)
        return
    prepare_rivals()
    runs: list[tuple[dict[str, float], dict[str, float]]] = []
    for _ in range(options.rounds):
        pair = []
        for which, python in enumerate((sys.executable, str(RIVALS / "bin" / "python"))):
            command = [python, "-m", "bench.values", "--worker", str(which)]
            output = subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout
            pair.append(json.loads(output))
        runs.append((pair[0], pair[1]))
    ratios = []
    print("| case | ours, us | Werkzeug 3.1.9, us | ratio |\n|---|--:|--:|--:|")
    for name in runs[0][0]:
        own, other = (min(run[which][name] for run in runs) for which in (0, 1))
        ratios.append(other / own)
        print(f"| {name} | {own:,.2f} | {other:,.2f} | {other / own:.2f} |")
    print(f"\nmedian {statistics.median(ratios):.2f}, least {min(ratios):.2f}")


if __name__ == "__main__":
    main()
