"""`find_locks`: the locks that there are, held or free, by the names they have in modules, classes, objects and closures.

Python does not tell where a lock was made; where the name that leads to it is given its value is found in the source. Costs a
look at every object that the garbage collector knows: for once.
"""

import ast
import gc
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from types import FunctionType, ModuleType
from typing import Any, Final

_LOCKS: Final = (type(threading.Lock()), type(threading.RLock()))

_DEPTH: Final = 2
"""How deep containers in containers are looked into."""

_MOST: Final = 1000
"""How many things of one container are looked at."""


@dataclass(frozen=True, slots=True)
class FoundLock:
    """A lock, and where its name is from."""

    name: str
    place: str
    """`file:line`; empty if that is not found."""
    is_held: bool


def find_locks(is_exempt: Callable[[str], bool]) -> Iterator[FoundLock]:
    """Give each lock that something of a module outside the exempt paths leads to.

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
        for name, attribute in _attributes(owner):
            for suffix, value in _unpacked(attribute, _DEPTH):
                if type(value) in _LOCKS and id(value) not in seen:
                    seen.add(id(value))
                    place = _place(files[module_name] or "", name, is_module=isinstance(owner, ModuleType))
                    # A lock says so in its `repr` only: an RLock has had no `locked` before Python 3.14.
                    yield FoundLock(f"{owner_name}.{name}{suffix}", place, repr(value).startswith("<locked"))


def _owners(files: dict[str, str | None]) -> Iterator[tuple[Any, str, str]]:  # Any: whatever there is
    """Give what may have attributes, the module that it is from, and what to call it."""
    for name in files:
        yield sys.modules[name], name, name
    foreign: set[type] = {ModuleType}  # PERF: of nearly all of the millions of objects that there may be
    for found in gc.get_objects():
        kind = type(found)
        if kind in foreign:
            continue
        is_named = isinstance(found, (type, FunctionType))
        module = found.__module__ if kind is FunctionType else (found if is_named else kind).__dict__.get("__module__")
        if isinstance(module, str) and module in files and not isinstance(found, ModuleType):
            yield found, module, (found if is_named else kind).__qualname__
        elif not is_named:
            foreign.add(kind)


def _attributes(owner: Any) -> list[tuple[str, Any]]:
    if isinstance(owner, FunctionType):
        return _closed_over(owner)
    try:
        found = [(name, value) for name, value in vars(owner).items() if isinstance(name, str)]
    except TypeError:
        found = []  # it has slots only
    if not isinstance(owner, type | ModuleType):
        for kind in type(owner).__mro__:
            for name, member in vars(kind).items():
                # What a slot is, by its type: reading it runs nobody's code.
                if type(member) is _SLOT:
                    try:
                        found.append((name, member.__get__(owner)))
                    except AttributeError:
                        continue  # it has no value yet
    return found


def _closed_over(function: FunctionType) -> list[tuple[str, Any]]:
    found = []
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            found.append((name, cell.cell_contents))
        except ValueError:
            continue  # it has no value yet
    return found


def _unpacked(value: Any, depth: int) -> Iterator[tuple[str, Any]]:
    """Give a value, and what is in it if it is a container, each with what is to be written behind its name."""
    yield "", value
    if depth == 0:
        return
    if type(value) is dict:
        items = [(f"[{key!r}]", one) for key, one in islice(value.items(), _MOST) if isinstance(key, str | int)]
    elif type(value) in {list, tuple, deque}:
        items = [(f"[{number}]", one) for number, one in enumerate(islice(value, _MOST))]
    elif type(value) in {set, frozenset}:
        items = [("{...}", one) for one in islice(value, _MOST)]
    else:
        return
    for suffix, one in items:
        for more, found in _unpacked(one, depth - 1):
            yield suffix + more, found


class _Slotted:
    __slots__ = ("one",)


_SLOT: Final = type(_Slotted.__dict__["one"])


def _place(path: str, name: str, *, is_module: bool) -> str:
    """Return where a name is given its value: of a module at its top, of anything else anywhere."""
    tree = _parsed(path)
    for node in () if tree is None else tree.body if is_module else ast.walk(tree):
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


@lru_cache(8)
def _parsed(path: str) -> ast.Module | None:
    try:
        with open(path, encoding="utf-8") as file:
            return ast.parse(file.read())
    except (OSError, ValueError, SyntaxError):
        return None
