"""What all applications answer with; see README.md. Imported from this directory, by whichever framework runs."""

import os
from collections.abc import Iterator
from pathlib import Path

TEMPLATES = str(Path(__file__).parent / "templates")
FILES = os.environ.get("BENCH_FILES", ".")
SECRET = "the benchmark's, known to everybody"
SLEEP, SLOW = 0.01, 0.1
"""Seconds."""
HTML = "text/html; charset=utf-8"

ROWS = [
    {"number": number, "name": f"Visitor <{number}>", "text": "Said & done, as 'they' say, and \"more\" of it. " * 2}
    for number in range(30)
]

_CHUNK = b"x" * (64 << 10)
CHUNKS = 160


def chunks() -> Iterator[bytes]:
    """10 MiB."""
    for _ in range(CHUNKS):
        yield _CHUNK


def is_slow(number: int) -> bool:
    """Tell whether this one of many is slow."""
    return number % 50 == 0
