"""Run one harness under atheris: `python -m fuzz <harness> [options of libFuzzer] [corpus directory ...]`.

The seeds of the harness are written into a directory first, which is given to libFuzzer as its last corpus: read, not written.
"""

import hashlib
import importlib
import os
import sys
import tempfile

import atheris

HARNESSES = ("h1_requests", "chunked", "proxy_line", "answers", "multipart", "field_values")


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in HARNESSES:
        raise SystemExit(
            f"usage: python -m fuzz {'|'.join(HARNESSES)} [-max_total_time=150 ...] [corpus directory ...]"
        )
    name = sys.argv.pop(1)
    with atheris.instrument_imports(include=["demijohn", "multipart"]):
        harness = importlib.import_module(f"fuzz.{name}")
    with tempfile.TemporaryDirectory(prefix=f"fuzz-{name}-") as directory:
        for seed in harness.seeds():
            with open(os.path.join(directory, hashlib.sha256(seed).hexdigest()[:16]), "wb") as file:
                file.write(seed)
        if all(argument.startswith("-") for argument in sys.argv[1:]):
            # libFuzzer writes what it finds into the first directory.
            own = os.path.join(directory, "found")
            os.mkdir(own)
            sys.argv.append(own)
        atheris.Setup([*sys.argv, f"-max_len={harness.MAX_LEN}", directory], harness.check)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
