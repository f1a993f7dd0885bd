"""What all contestants are given: the files that they serve, and a certificate. Made anew for each run."""

import random
from pathlib import Path

from demijohn.manage.devcert import make_ssl_devcert

SIZES = {"10k.bin": 10_000, "1m.bin": 1 << 20}


def files(place: Path) -> Path:
    """The directory that is served below /static/; the bytes are the same in every run, and do not compress."""
    directory = place / "files"
    directory.mkdir()
    for name, size in SIZES.items():
        (directory / name).write_bytes(random.Random(size).randbytes(size))
    return directory


def certificate(place: Path) -> tuple[Path, Path]:
    """A certificate and its key, RSA of 2048 bits, as PEM."""
    first, second = make_ssl_devcert(str(place / "bench"), cn="localhost")
    return Path(first), Path(second)
