"""Build the compiled leaf (src/c) when the package is installed or built: optional, so whatever fails is said and left out.

The module lies in the source tree, where editable installations find it, and goes into wheels from there. With `DEMIJOHN_PURE` in
the environment it is not built.
"""

import os
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_FLAGS = ("-O2", "-fvisibility=hidden")
_WAYS = [[]] if sys.platform == "win32" else [[*_FLAGS, "-flto=auto"], [*_FLAGS]]
"""Flags for compiler and linker, tried in turn. With the first all files are compiled as one, and a request takes a twentieth of
its instructions less; not every compiler can."""


class CompiledLeaf(BuildHookInterface[Any]):  # Any: the builder's own configuration
    """Hatch calls `initialize` before it builds a wheel, an editable one, too."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and have the wheel say for which Python and machine it is."""
        root = Path(self.root)
        name = "_compiled" + sysconfig.get_config_var("EXT_SUFFIX")
        place = root / "src" / "demijohn" / name
        if os.environ.get("DEMIJOHN_PURE"):
            place.unlink(missing_ok=True)
            return
        problem = _compile_somehow(root / "src" / "c", place)
        if problem is not None:
            place.unlink(missing_ok=True)  # of an older source
            # The Python methods do all that the leaf does.
            self.app.display_warning(f"demijohn: the compiled leaf is left out, everything runs in Python: {problem}")
            return
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
        build_data["artifacts"].append(f"src/demijohn/{name}")


def _compile_somehow(sources: Path, place: Path) -> Exception | None:
    """Compile in the first of the ways that works; return what the last one has against it if none does."""
    problem = None
    for flags in _WAYS:
        try:
            _compile(sources, place, flags)
        except Exception as error:  # noqa: BLE001 - no compiler, no headers, a compiler that takes other options
            problem = error
        else:
            return None
    return problem


def _compile(sources: Path, place: Path, flags: list[str]) -> None:
    from setuptools import Distribution, Extension
    from setuptools.command.build_ext import build_ext

    extension = Extension(
        "demijohn._compiled",
        sorted(str(source) for source in sources.glob("*.c")),
        depends=[str(header) for header in sources.glob("*.h")],
        extra_compile_args=flags,
        extra_link_args=flags,
    )
    with tempfile.TemporaryDirectory() as scratch:
        command = build_ext(Distribution({"ext_modules": [extension]}))
        command.build_lib = command.build_temp = scratch
        command.ensure_finalized()
        command.run()
        # At once: a process that has the old one open keeps it, and one that starts just now finds either.
        beside = place.with_suffix(".new")
        shutil.copy(command.get_ext_fullpath("demijohn._compiled"), beside)
        beside.replace(place)
