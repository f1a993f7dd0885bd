"""What a project uses of Flask and Werkzeug, read from its files without running any, and whether it is served.

Names are followed through `import flask`, `import werkzeug.utils as u`, `from flask import x as y` and attributes of these;
what is computed at run time is not seen.
"""

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from .finder import COMPAT, PUBLIC, file_of
from .missing import MISSING
from .older import OLDER, OLDER_MODULES

Verdict = Literal["served", "warned", "missing"]

_SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages", "build", "dist"})


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """A name at a place."""

    path: str
    line: int
    name: str
    """Whole, `flask.helpers.safe_join`."""
    verdict: Verdict
    instead: str
    """What to write today, where it is warned of; why it is missing, where that is known."""


class UnreadableFileError(Exception):
    """A file is no Python; the message says where."""


def uses_of(path: str) -> Iterator[Use]:
    """Yield what the Python files at `path`, a file or a folder, use.

    Raises:
        FileNotFoundError: there is no such path.
        UnreadableFileError: a file cannot be parsed.
    """
    for file in _files(path):
        try:
            tree = ast.parse(Path(file).read_bytes(), file)
        except (SyntaxError, ValueError) as error:
            raise UnreadableFileError(
                f"{file} is no Python that {__name__.partition('.')[0]} can read: {error}"
            ) from error
        found = {(line, name) for line, name in _names(tree)}
        for line, name in sorted(found):
            verdict, instead = judge(name)
            yield Use(file, line, name, verdict, instead)


def judge(name: str) -> tuple[Verdict, str]:
    """Return whether a whole name is served, and what to write instead or why it is missing."""
    module, _, attribute = name.rpartition(".")
    if name in OLDER_MODULES:
        return "warned", OLDER_MODULES[name]
    if file_of(name) is not None:
        return "served", ""
    if not module:
        return "missing", ""
    if name in MISSING:
        return "missing", MISSING[name]
    if attribute in OLDER.get(module, {}):
        return "warned", OLDER[module][attribute].instead
    if file_of(module) is None:
        # Of a class, or of something that is no module; what it has cannot be seen from here.
        return judge(module) if module not in PUBLIC and module.partition(".")[0] in PUBLIC else ("missing", "")
    return ("served", "") if attribute in served_names(module) else ("missing", "")


@cache
def served_names(module: str) -> frozenset[str]:
    """Return the names that the file of a public module gives it."""
    file = file_of(module)
    names: set[str] = {"__version__", "__name__", "__file__", "__path__", "__doc__", "__all__"}
    body = [] if file is None else ast.parse(file.read_text(encoding="utf-8")).body
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return frozenset(names)


def served_modules() -> list[str]:
    """Return the names of all modules that are served."""
    found = []
    for file in sorted(COMPAT.rglob("*.py")):
        parts = file.relative_to(COMPAT).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        if parts and parts[0] in PUBLIC and parts[-1] != "__main__":
            found.append(".".join(parts))
    return found


def reference() -> str:
    """Return docs/drop-in-names.md: what is served, warned of, and missing."""
    lines = ["# Names of Flask 3.1.3 and Werkzeug 3.1.9 that are served", ""]
    lines += ["| module | served |", "| --- | --- |"]
    for module in served_modules():
        # Names that the file has from the module's own neighbours, types and helpers of its own aside.
        names = sorted(
            name for name in served_names(module) if not name.startswith("_") and module not in OLDER_MODULES
        )
        lines.append(f"| `{module}` | {', '.join(f'`{name}`' for name in names)} |")
    lines += ["", "| of older versions, with a warning | today |", "| --- | --- |"]
    lines += [f"| `{module}` | {instead} |" for module, instead in sorted(OLDER_MODULES.items())]
    for module, older in sorted(OLDER.items()):
        lines += [f"| `{module}.{name}` | {each.instead} |" for name, each in sorted(older.items())]
    lines += ["", "| missing | why |", "| --- | --- |"]
    lines += [f"| `{name}` | {reason} |" for name, reason in sorted(MISSING.items())]
    return "\n".join(lines) + "\n"


def _files(path: str) -> Iterator[str]:
    if os.path.isfile(path):
        yield path
        return
    if not os.path.isdir(path):
        raise FileNotFoundError(f"There is no {path!r}.")
    for folder, folders, files in os.walk(path):
        # Hidden ones, and virtual environments: what is installed is not the project's.
        folders[:] = sorted(
            each
            for each in folders
            if each[0] != "." and each not in _SKIPPED and not os.path.exists(os.path.join(folder, each, "pyvenv.cfg"))
        )
        for file in sorted(files):
            if file.endswith(".py"):
                yield os.path.join(folder, file)


def _names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    bound: dict[str, str] = {}  # a name of the file -> the whole name it stands for
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] in PUBLIC:
                    yield node.lineno, alias.name
                    bound[alias.asname or alias.name.partition(".")[0]] = (
                        alias.name if alias.asname else alias.name.partition(".")[0]
                    )
        elif isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").partition(".")[0] in PUBLIC:
            for alias in node.names:
                if alias.name == "*":
                    yield node.lineno, str(node.module)
                    continue
                yield node.lineno, f"{node.module}.{alias.name}"
                bound[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            name = _dotted(node, bound)
            if name is not None:
                yield node.lineno, name


def _dotted(node: ast.Attribute, bound: dict[str, str]) -> str | None:
    """Return the whole name of an attribute of a module, `None` of anything else."""
    parts = [node.attr]
    value = node.value
    while isinstance(value, ast.Attribute):
        parts.append(value.attr)
        value = value.value
    if not isinstance(value, ast.Name) or value.id not in bound:
        return None
    base = bound[value.id]
    while parts and file_of(base) is not None:
        base = f"{base}.{parts.pop()}"
    return base if not parts and file_of(base.rpartition(".")[0]) is not None else None
