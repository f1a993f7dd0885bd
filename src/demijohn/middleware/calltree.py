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


class Node:
    """One stack: what was called by way of its parents."""

    __slots__ = ("calls", "children", "key", "total_ns")

    def __init__(self, key: "CodeType | str") -> None:
        self.key = key
        """The code that runs, or the name of a built-in function."""
        self.children: dict[int | str, Node] = {}
        """By what identifies their keys. PERF: a code object's hash is that of all it is made of."""
        self.calls = 0
        self.total_ns = 0
        """With all that it called."""

    @property
    def name(self) -> int | str:
        """What identifies `key`."""
        return self.key if isinstance(self.key, str) else id(self.key)

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

    def run(self, function: Callable[[], object]) -> None:
        """Call `function` and watch it. May be called several times: then times add up. What it raises escapes.

        Another profile function of this thread, a debugger's or `cProfile`, sees nothing meanwhile.
        """
        before = sys.getprofile()
        watch = _Watch(self.root, self._left)
        sys.setprofile(watch.on_event)
        try:
            function()
        finally:
            sys.setprofile(before)
            watch.end()
            self._left = watch.left
            self.is_complete = self.is_complete and watch.is_complete


class _Watch:
    """One run."""

    def __init__(self, root: Node, left: int) -> None:
        self.left = left
        """How many stacks may still be added."""
        self.is_complete = True
        self._root = root
        self.on_event, self.end = self._functions()

    def _functions(self) -> tuple[Callable[[FrameType, str, Any], None], Callable[[], None]]:
        # Any: of `sys.setprofile`. PERF: the first is called twice for each call that is watched; all it needs is in cells.
        clock = time.perf_counter_ns
        add = self._add
        open_nodes: list[Node | None] = [self._root]  # innermost last; `None`: left out
        since: list[int] = [0]
        spent = 0  # by the watching

        def on_event(frame: FrameType, event: str, arg: Any) -> None:
            # The time that is spent in here is taken out: the clock of the measured code stands still meanwhile.
            nonlocal spent
            entered = clock()
            if event == "call" or event == "c_call":  # noqa: PLR1714 - PERF: no tuple to look through
                key: CodeType | str
                name: int | str
                if event == "call":
                    key = frame.f_code
                    name = id(key)
                else:
                    module = arg.__module__
                    name = key = f"{module}.{arg.__qualname__}" if module else arg.__qualname__
                parent = open_nodes[-1]
                open_nodes.append(None if parent is None else parent.children.get(name) or add(parent, name, key))
                since.append(entered - spent)
            elif len(open_nodes) > 1:  # else the return from sys.setprofile
                node = open_nodes.pop()
                begin = since.pop()
                if node is not None:
                    node.calls += 1
                    node.total_ns += entered - spent - begin
            spent += clock() - entered

        def end() -> None:
            """Close what is open: the run itself, and the call of sys.setprofile, which is none of its business."""
            self._root.calls += 1
            self._root.total_ns += clock() - spent - since[0]
            open_nodes.clear()
            since.clear()

        since[0] = clock()
        return on_event, end

    def _add(self, parent: Node, name: int | str, key: CodeType | str) -> Node | None:
        if not self.left:
            self.is_complete = False
            return None
        self.left -= 1
        node = parent.children[name] = Node(key)
        return node


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
