"""`DebugReprGenerator`: values as HTML, bounded in every direction, whatever their `__repr__` does. `dump`, `helper` of consoles.

Here: what a value looks like on a page. Not here: which values are shown (frames.py), the page around them (render.py).
Names are those of `werkzeug.debug.repr`. A generator is for one value or table, in one thread; the functions are for any thread.
"""

import re
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from traceback import format_exception_only
from typing import Any, Final

from markupsafe import Markup

from .._base.sentinel import MISSING
from .output import write_html

MAX_DEPTH: Final = 6
"""Containers in containers that are shown."""

MAX_ITEMS: Final = 200
"""Items of one container that are shown."""

MAX_NODES: Final = 2000
"""Values that are shown in all, for one value asked for."""

MAX_TEXT: Final = 10_000
"""Characters of one value that are shown."""

_SHORT_ITEMS: Final = 8
_SHORT_PAIRS: Final = 4
_SHORT_TEXT: Final = 70
"""What is shown before a click on the value."""

_SECRET: Final = re.compile(
    r"passw|passphrase|secret|token|api_?key|private_?key|access_?key|credential|authorization|cookie|signature",
    re.IGNORECASE,
)

_LEFT_OUT: Final = Markup('<span class="left-out">…</span>')

HIDDEN: Final = Markup('<span class="secret">hidden</span>')
"""Stands for the value of a name that sounds like a secret."""


def is_secret(name: object) -> bool:
    """Tell whether a name sounds like that of a secret: a password, a token, a cookie."""
    return isinstance(name, str) and _SECRET.search(name) is not None


def debug_repr(obj: object) -> Markup:
    """Return a value as HTML."""
    return DebugReprGenerator().repr(obj)


def dump(obj: object = MISSING) -> None:
    """Print the attributes of an object, or without one the variables of the frame that calls this. For consoles."""
    generator = DebugReprGenerator()
    write_html(generator.dump_locals(sys._getframe(1).f_locals) if obj is MISSING else generator.dump_object(obj))


class _Helper:
    """`help` of consoles: prints the documentation of what it is given."""

    def __repr__(self) -> str:
        return "Type help(object) for help about object."

    def __call__(self, topic: object = MISSING) -> None:
        if topic is MISSING:
            write_html(Markup('<span class="help">{}</span>').format(repr(self)))
            return
        import pydoc

        text = pydoc.plain(pydoc.render_doc(topic, "Help on %s"))
        write_html(Markup('<pre class="help">{}</pre>').format(text[:MAX_TEXT]))


helper: Final = _Helper()


class DebugReprGenerator:
    """Makes HTML of values."""

    def __init__(self, *, hides_secrets: bool = False) -> None:
        """Prepare. With `hides_secrets`, values in mappings whose keys sound like secrets are not shown."""
        self._stack: list[object] = []
        self._nodes = 0
        self._hides_secrets = hides_secrets

    def repr(self, obj: object) -> Markup:
        """Return a value as HTML. Never raises for what the value does."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            return _LEFT_OUT
        recursive = any(obj is outer for outer in self._stack)
        if not recursive and len(self._stack) >= MAX_DEPTH:
            return _LEFT_OUT
        self._stack.append(obj)
        try:
            return self.dispatch_repr(obj, recursive)
        except BaseException as error:  # noqa: BLE001 - shown instead of the value, which is somebody's code
            return self.fallback_repr(error)
        finally:
            self._stack.pop()

    def dispatch_repr(self, obj: Any, recursive: bool) -> Markup:  # Any: looked at here
        """Return a value as HTML; `recursive`: it is inside of itself."""
        # By type, not isinstance: proxies lie about their class, and asking them may raise.
        kind: type[Any] = type(obj)
        if kind is _Helper:
            return Markup('<span class="help">{}</span>').format(repr(obj))
        if kind in {int, float, complex, bool}:
            return Markup('<span class="number">{}</span>').format(repr(obj))
        if issubclass(kind, str | bytes):
            return self._string(obj, kind)
        if kind is re.Pattern:
            return self._regex(obj)
        if issubclass(kind, dict):
            return self._dict(obj, kind, recursive)
        for base, (left, right) in _SEQUENCES.items():
            if issubclass(kind, base):
                if kind.__repr__ is not base.__repr__:
                    break  # a named tuple, say, which knows better
                return self._sequence(obj, kind, base, left, right, recursive)
        text = repr(obj)
        return Markup('<span class="object">{}{}</span>').format(
            text[:MAX_TEXT], _LEFT_OUT if len(text) > MAX_TEXT else ""
        )

    def fallback_repr(self, error: BaseException | None = None) -> Markup:
        """Return what stands for a value whose `__repr__` raised."""
        error = error or sys.exc_info()[1]
        try:
            info = "".join(format_exception_only(error))[:MAX_TEXT]
        except BaseException:  # noqa: BLE001 - the exception's own code
            info = type(error).__name__
        return Markup('<span class="brokenrepr">&lt;broken repr ({})&gt;</span>').format(info.strip())

    # ------------------------------------------------------------------ kinds of values

    def _string(self, obj: Any, kind: type) -> Markup:
        base = str if issubclass(kind, str) else bytes
        plain = base.__getitem__(obj, slice(0, MAX_TEXT))
        left_out = base.__len__(obj) - len(plain)
        text = repr(plain)
        head, tail = text[:_SHORT_TEXT], text[_SHORT_TEXT:]
        shown = Markup('<span class="string">{}{}{}</span>').format(
            head,
            Markup('<span class="extended">{}</span>').format(tail) if tail else "",
            Markup('<span class="left-out">… {} more</span>').format(f"{left_out:,}") if left_out else "",
        )
        return shown if kind is base else _named(kind, shown)

    def _regex(self, obj: Any) -> Markup:
        pattern = obj.pattern
        if isinstance(pattern, str) and "'" not in pattern and "\n" not in pattern:
            return Markup("re.compile(<span class=\"string regex\">r'{}'</span>)").format(pattern[:MAX_TEXT])
        return Markup('re.compile(<span class="string regex">{}</span>)').format(repr(pattern)[:MAX_TEXT])

    def _sequence(self, obj: Any, kind: type, base: type, left: str, right: str, recursive: bool) -> Markup:
        if base in {set, frozenset}:
            left = f"{base.__name__}{left}"
        if recursive:
            shown = Markup("{}...{}").format(left, right)
        else:
            items = self._items((self.repr(item) for item in base.__iter__(obj)), _SHORT_ITEMS, base.__len__(obj))  # type: ignore[attr-defined]  # a container
            if base is tuple and base.__len__(obj) == 1:
                items += ","
            shown = Markup("{}{}{}").format(left, items, right)
        if base is deque and kind is deque:
            return Markup('<span class="module">collections.</span>deque({})').format(shown)
        return shown if kind is base else _named(kind, shown)

    def _dict(self, obj: Any, kind: type, recursive: bool) -> Markup:
        if recursive:
            shown = Markup("{...}")
        else:
            pairs = (self._pair(key, value) for key, value in dict.items(obj))
            shown = Markup("{{{}}}").format(self._items(pairs, _SHORT_PAIRS, dict.__len__(obj)))
        return shown if kind is dict else _named(kind, shown)

    def _pair(self, key: object, value: object) -> Markup:
        shown = HIDDEN if self._hides_secrets and is_secret(key) else self.repr(value)
        return Markup('<span class="pair"><span class="key">{}</span>: <span class="value">{}</span></span>').format(
            self.repr(key), shown
        )

    def _items(self, items: Iterator[Markup], short: int, count: int) -> Markup:
        shown = list(islice(items, MAX_ITEMS))
        if count > len(shown):
            shown.append(Markup('<span class="left-out">… {} more</span>').format(f"{count - len(shown):,}"))
        comma = Markup(", ")
        head = comma.join(shown[:short])
        if len(shown) <= short:
            return head
        return Markup('{}, <span class="extended">{}</span>').format(head, comma.join(shown[short:]))

    # ------------------------------------------------------------------ tables

    def dump_object(self, obj: Any) -> Markup:  # Any: looked at here
        """Return a table of what is in a mapping with text keys, or of the attributes of any other object, as HTML."""
        kind = type(obj)
        where = object.__repr__(obj)[1:-1]
        if issubclass(kind, dict) and all(isinstance(key, str) for key in dict.keys(obj)):
            return self.render_object_dump(dict.items(obj), f"Contents of {where}")
        rows = []
        for name in dir(obj):
            if name.startswith("__") and name.endswith("__"):
                continue  # what Python has put there
            try:
                rows.append((name, getattr(obj, name)))
            except Exception as error:  # noqa: BLE001 - an attribute that cannot be had is shown as that
                rows.append((name, self.fallback_repr(error)))
        return self.render_object_dump(rows, f"Details for {where}", self.repr(obj))

    def dump_locals(self, variables: Mapping[str, object]) -> Markup:
        """Return a table of variables as HTML."""
        return self.render_object_dump(variables.items(), "Local variables in frame")

    def render_object_dump(self, items: Iterable[tuple[str, object]], title: str, shown: str | None = None) -> Markup:
        """Return a table of names and values as HTML."""
        rows = []
        for name, value in islice(items, MAX_ITEMS):
            self._nodes = 0
            html = value if isinstance(value, Markup) else self.repr(value)
            rows.append(Markup('<tr><th>{}<td><pre class="repr">{}</pre>').format(name, html))
        table = Markup("<table>{}</table>").format(Markup("\n").join(rows)) if rows else Markup("<p>Nothing.</p>")
        shown_html = Markup('<pre class="repr">{}</pre>').format(shown) if shown else ""
        return Markup('<div class="box"><h3>{}</h3>{}{}</div>').format(title, shown_html, table)


_SEQUENCES: Final[Mapping[type[Any], tuple[str, str]]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("([", "])"),
    frozenset: ("([", "])"),
    deque: ("[", "]"),
}


def _named(kind: type, shown: Markup) -> Markup:
    """Return a value of a class that only derives from a known one."""
    module = kind.__module__
    prefix = "" if module == "builtins" else Markup('<span class="module">{}.</span>').format(module)
    return Markup("{}{}({})").format(prefix, kind.__name__, shown)
