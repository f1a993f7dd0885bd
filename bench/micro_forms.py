"""Microseconds per form, beside Werkzeug's, and whether hostile bodies take time linear in their length.

`python bench/micro_forms.py [--rival PYTHON]`: PYTHON is an interpreter that has werkzeug; it runs this file too, turn and turn
about. A growth of 4.0 for a body four times as long is linear.
"""

import argparse
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from timeit import repeat
from typing import Any

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
BOUNDARY = "-" * 24 + "d74496d66958873e"
ROUNDS = 5

Parse = Callable[[bytes, str], None]


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    """Render one part of a multipart form."""
    tail = "" if filename is None else f'; filename="{filename}"'
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{tail}\r\n\r\n'
    return head.encode() + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


def forms() -> dict[str, tuple[bytes, str]]:
    """Return the forms that are compared."""
    numbers = range(10)
    return {
        "10 fields": (b"&".join(b"field%d=value+number+%d" % (n, n) for n in numbers), URLENCODED),
        "10 fields, escaped": (b"&".join(b"field%d=v%%C3%%A4lue%%20%d" % (n, n) for n in numbers), URLENCODED),
        "multipart, 10 fields": (b"".join(part(f"field{n}", b"value") for n in numbers) + END, MULTIPART),
        "multipart, 10 MiB": (part("file", os.urandom(10 << 20), "x.bin") + END, MULTIPART),
    }


def hostile(scale: int) -> dict[str, tuple[bytes, str]]:
    """Return bodies that are made to be slow, `scale` times 64 KiB long."""
    size = scale << 16
    opened = part("a", b"", "x")[:-2]
    return {
        "separators": (b"&" * size, URLENCODED),
        "fields": (b"a&" * (size // 2), URLENCODED),
        "percent signs": (b"%" * size, URLENCODED),
        "not UTF-8": (b"\xff" * size, URLENCODED),
        "line ends in a file": (opened + b"\r\n" * (size // 2) + b"\r\n" + END, MULTIPART),
        "nearly boundaries": (opened + f"\r\n--{BOUNDARY[:-1]}".encode() * (size // 44) + b"\r\n" + END, MULTIPART),
        "preamble": (b"\r\n-" * (size // 3) + b"\r\n" + END, MULTIPART),
        "parts": (part("a", b"") * (size // 100) + END, MULTIPART),
    }


def parser_of(library: str) -> Parse:
    """Return what parses a form with a library, and closes its files."""
    # Any: the same names in two libraries, one of which is not installed here.
    parser: Any = import_module(
        "werkzeug.formparser" if library == "werkzeug" else "demijohn.http.forms"
    ).FormDataParser()

    def parse(body: bytes, content_type: str) -> None:
        files = parser.parse(io.BytesIO(body), content_type, len(body), {"boundary": BOUNDARY})[2]
        for name in files:
            for file in files.getlist(name):
                file.close()

    return parse


def measure(parse: Parse, body: bytes, content_type: str) -> float:
    """Return the microseconds of one parse: the best of a few rounds."""
    number = max(1, 300_000 // len(body))
    return min(repeat(lambda: parse(body, content_type), number=number, repeat=5)) / number * 1e6


def run_cases(library: str) -> dict[str, float]:
    """Measure all forms once."""
    parse = parser_of(library)
    return {name: measure(parse, *form) for name, form in forms().items()}


def run_rival(python: str) -> dict[str, float]:
    """Measure all forms once with Werkzeug, in its own interpreter."""
    command = [python, __file__, "--library", "werkzeug", "--json"]
    result: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return result


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(prog="bench/micro_forms.py", description=__doc__)
    options.add_argument("--rival", help="an interpreter that has werkzeug")
    options.add_argument("--library", default="demijohn", choices=["demijohn", "werkzeug"])
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    if given.json:
        json.dump(run_cases(given.library), sys.stdout)
        return
    rounds = [(run_cases(given.library), run_rival(given.rival) if given.rival else {}) for _ in range(ROUNDS)]
    for name in forms():
        own = min(result[name] for result, _ in rounds)
        line = f"{name:24} {own:10.1f} us"
        if given.rival:
            other = min(result[name] for _, result in rounds)
            line += f"   werkzeug {other:10.1f} us   {other / own:5.2f}x"
        print(line)
    parse = parser_of(given.library)
    small, large = hostile(16), hostile(64)
    for name, form in small.items():
        before, after = measure(parse, *form), measure(parse, *large[name])
        print(f"{name:24} {before:10.1f} us   four times as long: {after / before:5.2f}x")


if __name__ == "__main__":
    main()
