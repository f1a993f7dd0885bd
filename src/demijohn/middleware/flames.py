"""`Flames`: the last profiled requests, and the pages that show them as flame graphs. Any thread.

Here: what is kept of a request, and pages made of it. Not here: how calls are watched (calltree.py), how pages look (assets/).
"""

import heapq
import itertools
import json
import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from demijohn.http.errors import MethodNotAllowed, NotFound
from demijohn.message import error_response as _error_response  # noqa: F401 - gives the errors their responses
from demijohn.message.environ import Environ
from demijohn.message.response import Response
from demijohn.message.wsgi import StartResponse

from .calltree import CallTree, Node, Place, place_of

if TYPE_CHECKING:
    from jinja2 import Environment

MOST_NODES: Final = 4000
"""How many stacks of a request are kept, those that took longest."""

_ROWS: Final = 40
_ASSETS: Final = os.path.join(os.path.dirname(os.path.abspath(__file__)), "assets")
_CLASSES: Final = {"own": "own", "library": "library", "standard library": "standard", "built-in": "built"}


@dataclass(frozen=True, slots=True)
class Row:
    """A function and the time it took itself, over all stacks."""

    place: Place
    own_ms: float
    share: float
    """In percent of the request."""
    calls: int


@dataclass(frozen=True, slots=True)
class Flame:
    """What is kept of a request. Small: text."""

    number: int
    title: str
    """Method and path."""
    status: str
    elapsed_ms: float
    time: float
    """When it ended, in seconds since the epoch."""
    data: str
    """JSON: `places`, and `nodes` as `[parent, place, total µs, own µs, calls]`, parents first."""
    rows: tuple[Row, ...]
    is_complete: bool
    """No stack was left out."""

    @property
    def time_text(self) -> str:
        """`time` for people."""
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.time))

    @property
    def pid(self) -> int:
        """Whose it is."""
        return os.getpid()

    def folded(self) -> Iterator[str]:
        """Give the lines that flame graph programs read: stacks, names with semicolons between, and microseconds."""
        data = json.loads(self.data)
        stacks: list[str] = []
        for parent, place, _, own, _ in data["nodes"]:
            name = data["places"][place][0].replace(";", ":")
            stacks.append(name if parent < 0 else f"{stacks[parent]};{name}")
            if own:
                yield f"{stacks[-1]} {own}\n"


class Flames:
    """See the file's description."""

    def __init__(self, path: str, most: int) -> None:
        """Keep `most` requests, and show them at `path` and below."""
        if not path.startswith("/") or path.strip("/") == "":
            raise ValueError(f"flame_path is {path!r}; it must be a path such as '/__profile__'.")
        if most < 1:
            raise ValueError(f"flame_requests is {most}; it must be at least 1.")
        self._path = path.rstrip("/")
        self._most = most
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._kept: deque[Flame] = deque(maxlen=most)  # under the lock

    def add(self, tree: CallTree, environ: Environ, status: str, elapsed_ms: float) -> None:
        """Keep a request."""
        title = f"{environ.get('REQUEST_METHOD', 'GET')} {_path_of(environ)}"
        stacks = _stacks(tree.root)
        data, count = _encode(stacks)
        flame = Flame(
            next(self._numbers),
            title,
            status,
            elapsed_ms,
            time.time(),
            data,
            tuple(_rows_of(tree.root)),
            tree.is_complete and count == len(stacks),
        )
        with self._lock:
            self._kept.append(flame)

    def is_for(self, environ: Environ) -> bool:
        """Tell whether a request is for one of the pages."""
        path: str = environ.get("PATH_INFO", "")
        return path == self._path or path.startswith(f"{self._path}/")

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as a WSGI application."""
        if environ.get("REQUEST_METHOD") not in {"GET", "HEAD"}:
            return MethodNotAllowed(["GET", "HEAD"])(environ, start_response)
        with self._lock:
            kept = list(self._kept)
        rest = environ.get("PATH_INFO", "").removeprefix(self._path).strip("/")
        root = environ.get("SCRIPT_NAME", "") + self._path
        if not rest:
            context = {"flames": kept[::-1], "most": self._most, "pid": os.getpid()}
            return _page("profiles.html", root, **context)(environ, start_response)
        number, dot, kind = rest.partition(".")
        flame = next((one for one in kept if str(one.number) == number), None)
        if flame is None or (dot and kind != "folded"):
            return NotFound("This request was not profiled, or others have taken its place.")(environ, start_response)
        if dot:
            return Response("".join(flame.folded()), mimetype="text/plain")(environ, start_response)
        return _page("profile.html", root, flame=flame, rows=flame.rows, data=_safe(flame.data))(
            environ, start_response
        )


def _path_of(environ: Environ) -> str:
    path: str = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    return path.encode("latin-1", "replace").decode("utf-8", "replace") or "/"


def _stacks(root: Node) -> list[tuple[Node, int]]:
    """Return all stacks, each with its parent's index, parents first, and beside each other in the order of their first calls."""
    found = [(root, -1)]
    for index, (node, _) in enumerate(found):  # grows meanwhile
        found += [(child, index) for child in node.children.values() if child.calls]
    return found


def _encode(found: list[tuple[Node, int]]) -> tuple[str, int]:
    """Return JSON of the longest of the stacks, and how many these are. No parent is lost: it takes as long as its children."""
    chosen = heapq.nlargest(MOST_NODES, range(len(found)), key=lambda index: (found[index][0].total_ns, -index))
    new_index: dict[int, int] = {}
    places: list[tuple[str, str, int, str, str]] = []
    numbers: dict[int | str, int] = {}
    nodes: list[list[int]] = []
    for index in sorted(chosen):
        node, parent = found[index]
        new_index[index] = len(nodes)
        number = numbers.setdefault(node.name, len(places))
        if number == len(places):
            place = place_of(node)
            places.append((place.name, place.file, place.line, place.kind, _CLASSES[place.kind]))
        nodes.append([new_index.get(parent, -1), number, node.total_ns // 1000, node.own_ns // 1000, node.calls])
    return json.dumps({"places": places, "nodes": nodes}, separators=(",", ":")), len(nodes)


def _rows_of(root: Node) -> Iterator[Row]:
    """Give the functions that take longest themselves."""
    times: dict[int | str, tuple[int, int, Node]] = {}
    waiting = list(root.children.values())
    while waiting:
        node = waiting.pop()
        waiting += node.children.values()
        own, calls, _ = times.get(node.name, (0, 0, node))
        times[node.name] = (own + node.own_ns, calls + node.calls, node)
    for own, calls, node in heapq.nlargest(_ROWS, times.values(), key=lambda row: row[0]):
        yield Row(place_of(node), own / 1e6, 100 * own / (root.total_ns or 1), calls)


def _page(template: str, root: str, **context: Any) -> Response:  # Any: see the template
    nonce = secrets.token_urlsafe(16)
    css, js = _asset("profile.css"), _asset("profile.js")
    text = _templates().get_template(template).render(nonce=nonce, css=css, js=js, root=root, **context)
    response = Response(text, mimetype="text/html")
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _safe(data: str) -> Any:  # Any: text that is markup already
    """Return JSON that can stand in a script element: nothing in it ends that."""
    from markupsafe import Markup

    return Markup(data.replace("<", "\\u003c"))  # noqa: S704 - that is what the line does


@lru_cache(maxsize=4)
def _asset(name: str) -> Any:  # Any: text that is markup already
    from markupsafe import Markup

    with open(os.path.join(_ASSETS, name), encoding="utf-8") as file:
        return Markup(file.read())  # noqa: S704 - a file of ours


@lru_cache(maxsize=1)
def _templates() -> "Environment":
    from jinja2 import Environment, FileSystemLoader  # PERF: only who looks at pages needs it

    return Environment(loader=FileSystemLoader(_ASSETS), autoescape=True)
