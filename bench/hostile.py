"""What hostile input costs at n, 2n, 4n and 8n: `python -m bench.hostile [--size BYTES]`.

Each case is input that no honest client sends. The cost is the best of some runs, in nanoseconds per byte of input; it is to
stay the same as the input grows. `growth` is the time at 8n over the time at n: 8 is linear, 64 quadratic. The peak is the
memory that was allocated at 8n, per byte of input. The garbage collector is off while time is taken, as in `timeit`: how often
it looks at all objects depends on what else the process holds.
"""

import argparse
import gc
import io
import tracemalloc
from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Any

from demijohn.http.accept import MIMEAccept, parse_accept_header
from demijohn.http.auth import parse_authorization
from demijohn.http.cookies import parse_cookie
from demijohn.http.csp import parse_csp_header
from demijohn.http.dates import parse_date
from demijohn.http.errors import HTTPException
from demijohn.http.etag import parse_etags
from demijohn.http.forwarded import parse_forwarded
from demijohn.http.multipart import iter_parts
from demijohn.http.options import parse_dict_header, parse_list_header, parse_options_header
from demijohn.http.ranges import parse_range_header
from demijohn.http.security import safe_join, secure_filename
from demijohn.http.urls import decode_query, iri_to_uri, uri_to_iri
from demijohn.routing import Map, Rule

FACTORS = (1, 2, 4, 8)

Case = tuple[Callable[[Any], object], Callable[[int], Any]]  # Any: text or bytes, as the function takes it


def repeat(piece: str, front: str = "", back: str = "") -> Callable[[int], str]:
    """Return what makes text of about a size."""
    return lambda size: front + piece * (size // len(piece)) + back


def numbered(front: str, piece: str) -> Callable[[int], str]:
    """Return what makes text of pieces that differ."""
    return lambda size: front + "".join(piece % number for number in range(size // (len(piece) + 4)))


def body(piece: bytes, end: bytes = b"--b--\r\n") -> Callable[[int], bytes]:
    """Return what makes a multipart body of pieces."""
    return lambda size: piece * (size // len(piece)) + end


def read_form(data: bytes) -> int:
    """Read all parts of a form, whose boundary is b; a form that is refused is an outcome too."""
    try:
        return sum(len(chunk) for part in iter_parts(io.BytesIO(data), "b") for chunk in part.iter_chunks())
    except HTTPException as error:
        return error.code or 0


PART = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'

THREE_PATHS = Map([Rule("/<path:a>/at/<path:b>/at/<path:c>.html", endpoint="x")])
MIXTURE = Map([Rule("/<a>-<b>-<int:c>-<d>.html", endpoint="x")])


def match(url_map: Map, path: str) -> None:
    """Look for a path that is not there."""
    try:
        url_map.match_path("", path, "GET")
    except HTTPException:
        return


CASES: dict[str, Case] = {
    "route, three paths": (partial(match, THREE_PATHS), repeat("/at", back=".htm")),
    "route, a mixture": (partial(match, MIXTURE), repeat("-", front="/", back=".html")),
    "cookies": (parse_cookie, numbered("", "n%d=v; ")),
    "cookies of one name": (parse_cookie, repeat("a=b; ")),
    "cookie, quotes without end": (parse_cookie, repeat("\\", 'a="')),
    "cookies, octal": (parse_cookie, repeat('a="\\073"; ')),
    "Accept, elements": (partial(parse_accept_header, cls=MIMEAccept), repeat("a/b;q=0.5,")),
    "Accept, quotes": (partial(parse_accept_header, cls=MIMEAccept), repeat('"')),
    "options": (parse_options_header, numbered("x", ";a%d=b")),
    "options, quote without end": (parse_options_header, repeat('\\"', 'x;a="')),
    "options, quotes in quotes": (parse_options_header, repeat(';a="b\\"c"', "x")),
    "options, continued": (parse_options_header, numbered("x", ";a*%d=b")),
    "list, quotes": (parse_list_header, repeat('"a", ')),
    "dict, pairs": (parse_dict_header, numbered("", "a%d=b,")),
    "ETags": (parse_etags, repeat('W/"a", ')),
    "ranges": (parse_range_header, repeat("0-1,", "bytes=")),
    "range of digits": (parse_range_header, repeat("9", "bytes=")),
    "policies": (parse_csp_header, numbered("", "a%d 'self'; ")),
    "Forwarded": (parse_forwarded, repeat("for=192.0.2.1;by=b,")),
    "credentials": (parse_authorization, repeat("QUJD", "Basic ")),
    "date": (parse_date, repeat("(", "Sun, ")),
    "query, ampersands": (decode_query, repeat("&")),
    "query, fields": (decode_query, repeat("a=b&")),
    "query, escapes": (decode_query, repeat("%C3%A4%FF", "a=")),
    "IRI, letters beyond ASCII": (iri_to_uri, repeat("\xe4", "http://a/")),
    "URI, escapes": (uri_to_iri, repeat("%C3%A4%FF", "http://a/")),
    "URI, coded labels": (uri_to_iri, repeat("xn--a.", "http://")),
    "file name, levels up": (secure_filename, repeat("../")),
    "path, levels up": (partial(safe_join, "/srv"), repeat("../")),
    "form, parts": (read_form, body(PART)),
    "form, content like boundaries": (read_form, lambda size: PART[:-3] + b"\r\n--" * (size // 4) + b"\r\n--b--\r\n"),
    "form, boundaries only": (read_form, body(b"--b\r\n")),
    "form, head without end": (read_form, body(b"X", b"")),
    "form, no boundary": (read_form, body(b"\r\n-", b"")),
}


def cost(function: Callable[[Any], object], data: object) -> float:
    """Return the seconds of one call: the best of at least three, and of a twentieth of a second."""
    best, spent, count = float("inf"), 0.0, 0
    gc.collect()
    gc.disable()
    try:
        while count < 3 or spent < 0.05:
            start = perf_counter()
            function(data)
            elapsed = perf_counter() - start
            best, spent, count = min(best, elapsed), spent + elapsed, count + 1
    finally:
        gc.enable()
    return best


def peak(function: Callable[[Any], object], data: object) -> int:
    """Return the most bytes that were allocated at one time."""
    tracemalloc.start()
    try:
        function(data)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def main() -> None:
    """Measure, and print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m bench.hostile", description=__doc__)
    parser.add_argument("--size", type=int, default=1 << 16, help="n in bytes (65536)")
    size = parser.parse_args().size
    print(f"n is {size:,} bytes\n")
    print("| input | ns/B at n | 2n | 4n | 8n | growth | peak, B/B |\n|---|--:|--:|--:|--:|--:|--:|")
    for name, (function, make) in CASES.items():
        inputs = [make(size * factor) for factor in FACTORS]
        times = [cost(function, data) for data in inputs]
        costs = " | ".join(f"{time / len(data) * 1e9:.2f}" for time, data in zip(times, inputs, strict=True))
        memory = peak(function, inputs[-1]) / len(inputs[-1])
        print(f"| {name} | {costs} | {times[-1] / times[0]:.1f} | {memory:.1f} |")


if __name__ == "__main__":
    main()
