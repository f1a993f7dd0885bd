"""`CallTree`: all calls of one run of a function, by their stacks, with their times. What flame graphs are drawn from.

`cProfile` keeps only who called whom, so the same function called by way of two views is one; here each stack is kept. One object
belongs to the thread that runs it: the profile function of `sys.setprofile` is each thread's own, on every Python. What the
function has other threads do is not seen.
"""

import os
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any, Final, Literal

MOST_STACKS: Final = 20_000
"""How many different stacks are kept; what is called below further ones counts for their caller."""

Kind = Literal["own", "library", "standard library", "built-in"]

_clock: Final = time.perf_counter_ns


class Node:
    """One stack: what was called by way of its parents."""

    __slots__ = ("calls", "children", "key", "total_ns")

    def __init__(self, key: "CodeType | str") -> None:
        self.key = key
        """The code that runs, or the name of a built-in function."""
        self.children: dict[CodeType | str, Node] = {}
        self.calls = 0
        self.total_ns = 0
        """With all that it called."""

    @property
    def own_ns(self) -> int:
        """Without what it called."""
        return max(0, self.total_ns - sum(child.total_ns for child in self.children.values()))


@dataclass(frozen=True, slots=True)
class Place:
    """What a function is called, and where it is."""

    name: str
    file: str
    """`~` of a built-in function, as in `pstats`."""
    line: int
    kind: Kind


class CallTree:
    """See the file's description."""

    def __init__(self, most_stacks: int = MOST_STACKS) -> None:
        self.root = Node("request")
        self.is_complete = True
        """No stack was left out."""
        self._left = most_stacks
        # Innermost last: what was called and when; `None` for what is left out.
        self._stack: list[tuple[Node | None, int]] = []
        self._spent_ns = 0  # by this profiler itself

    def run(self, function: Callable[[], object]) -> None:
        """Call `function` and watch it. May be called several times: then times add up. What it raises escapes.

        Another profile function of this thread, a debugger's or `cProfile`, sees nothing meanwhile.
        """
        before = sys.getprofile()
        begin = _clock() - self._spent_ns
        self._stack = [(self.root, begin)]
        sys.setprofile(self._on_event)
        try:
            function()
        finally:
            sys.setprofile(before)
            end = _clock() - self._spent_ns
            # What is still open has called sys.setprofile, which is none of its business.
            self._stack.clear()
            self.root.calls += 1
            self.root.total_ns += end - begin

    def _on_event(self, frame: FrameType, event: str, arg: Any) -> None:  # Any: of `sys.setprofile`
        # The time that is spent in here is taken out: the clock of the measured code stands still meanwhile.
        entered = _clock()
        now = entered - self._spent_ns
        stack = self._stack
        if event == "call":
            self._enter(frame.f_code, now)
        elif event == "c_call":
            module = arg.__module__
            self._enter(f"{module}.{arg.__qualname__}" if module else arg.__qualname__, now)
        elif len(stack) > 1:  # else the return from sys.setprofile
            node, since = stack.pop()
            if node is not None:
                node.calls += 1
                node.total_ns += now - since
        self._spent_ns += _clock() - entered

    def _enter(self, key: CodeType | str, now: int) -> None:
        parent = self._stack[-1][0]
        node = None
        if parent is not None:
            node = parent.children.get(key)
            if node is None:
                if self._left:
                    self._left -= 1
                    node = parent.children[key] = Node(key)
                else:
                    self.is_complete = False
        self._stack.append((node, now))


class Statistics:
    """A tree as `pstats.Stats` takes it."""

    def __init__(self, tree: CallTree) -> None:
        self._tree = tree
        self.stats: dict[tuple[str, int, str], Any] = {}  # Any: tuples that only pstats looks into

    def create_stats(self) -> None:
        """Fill `stats`; the name is given."""
        self.stats = {}
        for node, callers in _walk(self._tree.root, []):
            key = _key_of(node)
            outer = [_key_of(one) for one in callers]
            is_recursive = key in outer
            primitive = 0 if is_recursive else node.calls
            seconds = node.own_ns / 1e9, (0 if is_recursive else node.total_ns) / 1e9
            calls, total, own, cumulative, by = self.stats.get(key, (0, 0, 0.0, 0.0, {}))
            if outer:
                one = by.get(outer[-1], (0, 0, 0.0, 0.0))
                by[outer[-1]] = (one[0] + node.calls, one[1] + primitive, one[2] + seconds[0], one[3] + seconds[1])
            self.stats[key] = (calls + primitive, total + node.calls, own + seconds[0], cumulative + seconds[1], by)


def _walk(node: Node, callers: list[Node]) -> Iterator[tuple[Node, list[Node]]]:
    """Give all that was called, with its callers, the innermost last. Not recursive: stacks may be deep."""
    waiting = [(child, callers) for child in node.children.values()]
    while waiting:
        child, callers = waiting.pop()
        if child.calls:
            yield child, callers
            inner = [*callers, child]
            waiting += [(one, inner) for one in child.children.values()]


def _key_of(node: Node) -> tuple[str, int, str]:
    if isinstance(node.key, str):
        return "~", 0, f"<built-in method {node.key}>"
    return node.key.co_filename, node.key.co_firstlineno, node.key.co_name


def place_of(node: Node) -> Place:
    """Return where the function of a stack is."""
    key = node.key
    if isinstance(key, str):
        return Place(key, "~", 0, "built-in")
    return Place(key.co_qualname, key.co_filename, key.co_firstlineno, _kind_of(key.co_filename))


_LIBRARIES: Final = tuple({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
_STANDARD: Final = tuple({sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")})
_HERE: Final = os.path.dirname(os.path.dirname(__file__))


def _kind_of(file: str) -> Kind:
    if file.startswith((*_LIBRARIES, _HERE)) or f"{os.sep}site-packages{os.sep}" in file:
        return "library"
    if file.startswith(("<frozen ", *_STANDARD)):
        return "standard library"
    return "own"
