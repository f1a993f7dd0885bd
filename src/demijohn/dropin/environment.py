"""The drop-in for an environment: two distributions of ours in the place of flask and werkzeug, and back.

What was there is kept as wheels, made of its installed files, and installed again by `uninstall`. pip or uv does the installing.
One process at a time.
"""

import importlib.util
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path, PurePosixPath
from typing import Final

from .finder import PUBLIC
from .wheels import build_wheels, write_wheel

_NOT_OF_A_WHEEL: Final = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json"})


class DropInError(Exception):
    """It cannot be done; the message says why, and nothing was changed."""


@dataclass(frozen=True, slots=True)
class State:
    """What an environment has under a name."""

    name: str
    version: str | None
    """`None` if it has nothing."""
    is_ours: bool
    kept: Path | None
    """The wheel of what was there before."""


def status() -> list[State]:
    """Return what this environment has under both names."""
    found = []
    for name in PUBLIC:
        installed = _installed(name)
        version = None if installed is None else installed.version
        found.append(State(name, version, installed is not None and _is_ours(installed), _kept(name)))
    return found


def install() -> list[State]:
    """Put the drop-in into this environment and return what it has then.

    Raises:
        DropInError: it is no virtual environment, or something there cannot be kept, or pip and uv fail or are missing.
    """
    _check_environment()
    for name in PUBLIC:
        installed = _installed(name)
        if installed is not None and not _is_ours(installed):
            _keep(name, installed)
    with tempfile.TemporaryDirectory() as directory:
        _run("install", [str(wheel) for wheel in build_wheels(Path(directory))])
    return status()


def uninstall() -> list[State]:
    """Take the drop-in away, put back what was there, and return what the environment has then.

    Raises:
        DropInError: see `install`.
    """
    _check_environment()
    ours = [state for state in status() if state.is_ours]
    gone = [state.name for state in ours if state.kept is None]
    back = [str(state.kept) for state in ours if state.kept is not None]
    if back:
        _run("install", back)
    if gone:
        _run("uninstall", gone)
    if ours:
        shutil.rmtree(_keeping_place(), ignore_errors=True)
    return status()


def _check_environment() -> None:
    if sys.prefix == sys.base_prefix:
        raise DropInError(
            f"{sys.prefix} is no virtual environment. The drop-in takes the place of flask and werkzeug for everything that is"
            " installed beside it, so it goes into virtual environments only: python -m venv .venv"
        )


def _run(verb: str, arguments: list[str]) -> None:
    """Let pip, or uv where there is no pip, install or uninstall in this environment, from nowhere but what it is given."""
    is_install = verb == "install"
    if importlib.util.find_spec("pip") is not None:
        options = ["--no-deps", "--no-index", "--force-reinstall"] if is_install else ["--yes"]
        command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", verb, *options, *arguments]
    else:
        uv = shutil.which("uv")
        if uv is None:
            raise DropInError(
                f"There is neither pip in {sys.prefix} nor uv on the PATH; one of them does the installing."
            )
        options = ["--no-deps", "--no-index", "--reinstall"] if is_install else []
        command = [uv, "--quiet", "pip", verb, "--python", sys.executable, *options, *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - pip or uv, with names of ours
    if done.returncode:
        raise DropInError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def _installed(name: str) -> Distribution | None:
    """Return the distribution of that name in this environment, whatever this process would import."""
    places = list(dict.fromkeys(sysconfig.get_path(kind) for kind in ("purelib", "platlib")))
    for place in places:
        for info in sorted(Path(place).glob("*.dist-info")):
            if info.name.partition("-")[0].lower() == name:
                return PathDistribution(info)
    return None


def _is_ours(installed: Distribution) -> bool:
    return "Generator: demijohn" in (installed.read_text("WHEEL") or "")


def _keeping_place() -> Path:
    return Path(sys.prefix) / "share" / "demijohn-drop-in"


def _kept(name: str) -> Path | None:
    return next(iter(_keeping_place().glob(f"{name}-*.whl")), None)


def _keep(name: str, installed: Distribution) -> None:
    """Make a wheel of what is installed, which it was once.

    Raises:
        DropInError: its files are elsewhere, or not all there.
    """
    if '"editable": true' in (installed.read_text("direct_url.json") or ""):
        raise DropInError(
            f"{name} {installed.version} is installed from a working copy (editable), which cannot be put back later."
            f" Take it away first: pip uninstall {name}"
        )
    files: dict[str, bytes] = {}
    record = ""
    for file in installed.files or ():
        path = PurePosixPath(file)
        if path.name == "RECORD":
            record = str(path)
        if ".." in path.parts or "__pycache__" in path.parts or path.name in _NOT_OF_A_WHEEL:
            continue
        try:
            files[str(path)] = Path(str(installed.locate_file(file))).read_bytes()
        except OSError as error:
            raise DropInError(f"{name} {installed.version} cannot be kept: {error}. Reinstall or remove it.") from error
    if not record:
        raise DropInError(f"{name} {installed.version} has no list of its files (RECORD): remove it first.")
    tags = [line[5:] for line in (installed.read_text("WHEEL") or "").splitlines() if line.startswith("Tag: ")]
    place = _keeping_place()
    place.mkdir(parents=True, exist_ok=True)
    for old in place.glob(f"{name}-*.whl"):
        old.unlink()
    version = installed.version.replace("-", "_")
    write_wheel(place / f"{name}-{version}-{tags[0] if tags else 'py3-none-any'}.whl", files, record)
