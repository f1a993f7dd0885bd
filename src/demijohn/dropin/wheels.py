"""Wheels named flask and werkzeug, made of what lies in `site/`: packages that hand over to this one, and their metadata.

Files only; installing them is environment.py's.
"""

import base64
import hashlib
import zipfile
from pathlib import Path
from typing import Final

from .finder import PUBLIC, SITE

_WHEEL: Final = "Wheel-Version: 1.0\nGenerator: demijohn\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the same files make the same wheel


def build_wheels(directory: Path) -> list[Path]:
    """Write both wheels into `directory` and return their paths."""
    return [_build(directory, name) for name in PUBLIC]


def write_wheel(path: Path, files: dict[str, bytes], record: str) -> None:
    """Write a wheel of `files`, by their names in site-packages, with a RECORD of that name."""
    lines = [f"{name},{_digest(content)},{len(content)}" for name, content in sorted(files.items())]
    lines.append(f"{record},,")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, content in [*sorted(files.items()), (record, ("\n".join(lines) + "\n").encode())]:
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o644 << 16
            wheel.writestr(entry, content)


def _build(directory: Path, name: str) -> Path:
    info = next(SITE.glob(f"{name}-*.dist-info"))
    files = {
        path.relative_to(SITE).as_posix(): path.read_bytes()
        for folder in (SITE / name, info)
        for path in folder.iterdir()
        if path.is_file()
    }
    files[f"{info.name}/WHEEL"] = _WHEEL.encode()
    path = directory / f"{info.stem}-py3-none-any.whl"
    write_wheel(path, files, f"{info.name}/RECORD")
    return path


def _digest(content: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
