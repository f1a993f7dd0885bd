"""Whose a file is: the project's, or that of Python and installed packages. `project_modules`, `project_roots`.

Only looks at paths and `sys`; reads no file. Any thread.
"""

import functools
import os
import site
import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Final

PACKAGE_DIRECTORIES: Final = ("site-packages", "dist-packages")


@functools.cache
def _foreign_directories() -> tuple[str, ...]:
    """Return directories whose content is nobody's project, with a slash at their ends."""
    found = {os.path.dirname(os.__file__), os.path.dirname(sys.executable)}
    found |= {os.path.dirname(path) for path in (getattr(sys, "_base_executable", None),) if path}
    if hasattr(site, "getsitepackages"):
        found |= {*site.getsitepackages(), site.getusersitepackages()}
    if sys.prefix != sys.base_prefix:
        found.add(sys.prefix)
    return tuple(os.path.abspath(path) + os.sep for path in found)


def is_foreign(path: str) -> bool:
    """Tell whether an absolute path is below Python's own library, its virtual environment, or installed packages."""
    if f"{path}{os.sep}".startswith(_foreign_directories()):
        return True
    return any(name in path for name in PACKAGE_DIRECTORIES) and not set(PACKAGE_DIRECTORIES).isdisjoint(
        path.split(os.sep)
    )


def file_of(module: object) -> str | None:
    """Return the absolute path of the file that a module was made from; `None` if there is none."""
    # Not by asking for the attribute: a module that is loaded on demand would be, and what stands in for one may do anything.
    is_module = issubclass(type(module), ModuleType)  # isinstance() would ask it, too
    found = object.__getattribute__(module, "__dict__").get("__file__") if is_module else None
    if not isinstance(found, str) or found.startswith("<"):
        return None
    path = os.path.abspath(found)
    if path.endswith(".pyc") and os.path.isfile(path[:-1]):
        return path[:-1]
    # Of a module in an archive, the archive.
    while not os.path.isfile(path):
        path, before = os.path.dirname(path), path
        if path == before:
            return None
    return path


def project_modules(but: Iterable[str] = ()) -> set[str]:
    """Return the files of this process's modules that are the project's. `but`: names of modules that need not be looked at."""
    known = set(but)
    found = set()
    for name, module in list(sys.modules.items()):
        if name not in known and (path := file_of(module)) is not None and not is_foreign(path):
            found.add(path)
    return found


def project_roots(paths: Iterable[str]) -> list[str]:
    """Return the directories among `paths`, such as those of `sys.path`, in which a project may lie.

    Neither the root directory nor somebody's home: there is too much in them that is no program.
    """
    home = os.path.expanduser("~")
    roots: list[str] = []
    for path in paths:
        root = os.path.abspath(path)
        if root in roots or root in {os.sep, home} or is_foreign(root) or not os.path.isdir(root):
            continue
        roots.append(root)
    return roots
