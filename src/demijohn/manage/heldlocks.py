"""`held_locks`: locks that are held at this moment, by the names they have in modules, classes and objects.

Python does not tell where a lock was made; where the name that leads to it is given its value is found in the source. Costs a
look at every object that the garbage collector knows: for once.
"""

import ast
import gc
import sys
import threading
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, Final

_LOCKS: Final = (type(threading.Lock()), type(threading.RLock()))


def held_locks(is_exempt: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """Give the name of each lock that is held, and `file:line`, empty if that is not found.

    Args:
        is_exempt: told a path; code there is not looked into.
    """
    files = {
        name: module.__file__
        for name, module in list(sys.modules.items())
        if getattr(module, "__file__", None) and not is_exempt(module.__file__ or "")
    }
    seen: set[int] = set()
    for owner, module_name, owner_name in _owners(files):
        for name, value in _attributes(owner):
            # A lock says so in its `repr` only: an RLock has had no `locked` before Python 3.14.
            if type(value) in _LOCKS and id(value) not in seen and repr(value).startswith("<locked"):
                seen.add(id(value))
                yield f"{owner_name}.{name}", _place(files[module_name] or "", name, owner)


def _owners(files: dict[str, str | None]) -> Iterator[tuple[Any, str, str]]:  # Any: whatever there is
    """Give what may have attributes, the module that it is from, and what to call it."""
    for name in files:
        yield sys.modules[name], name, name
    for found in gc.get_objects():
        kind = found if isinstance(found, type) else type(found)
        module = kind.__dict__.get("__module__")
        if isinstance(module, str) and module in files and not isinstance(found, ModuleType):
            yield found, module, kind.__qualname__


def _attributes(owner: Any) -> list[tuple[str, Any]]:
    try:
        return [(name, value) for name, value in vars(owner).items() if isinstance(name, str)]
    except TypeError:
        return []  # it has slots


def _place(path: str, name: str, owner: Any) -> str:
    """Return where a name is given its value: of a module at its top, of a class or an object anywhere."""
    try:
        with open(path, encoding="utf-8") as file:
            tree = ast.parse(file.read())
    except (OSError, ValueError, SyntaxError):
        return ""
    nodes = tree.body if isinstance(owner, ModuleType) else ast.walk(tree)
    for node in nodes:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            found = (
                target.id
                if isinstance(target, ast.Name)
                else target.attr
                if isinstance(target, ast.Attribute)
                else None
            )
            if found == name:
                return f"{path}:{target.lineno}"
    return ""
