"""`TopView`: what `demijohn top` shows: which requests, in what order, which one is chosen. No terminal here, and no server.

Told what came (`take`) and which key was pressed (`press`). One thread.
"""

from dataclasses import dataclass, field
from typing import Any, Final

Row = dict[str, Any]  # Any: of JSON, see serve/inspect.py and control/rows.py

SORTS: Final = ("age", "route", "phase", "worker", "client", "path")
PHASES: Final = ("handler", "writing", "queued", "body", "head", "after")
"""In the order in which they are of interest."""

HELP: Final = (
    ("up down, j k, PgUp PgDn, Home End", "choose a request"),
    ("Enter, s", "show its stack, or not"),
    ("p, Space", "pause: nothing moves"),
    ("o, O", "sort by the next column, the one before"),
    ("r", "the other way round"),
    ("/", "show only what contains some text: in route, path, client, worker, phase, place"),
    ("f", "show only one phase, the next one"),
    ("w", "show only one worker, the next one"),
    ("c", "show everything again"),
    ("+ -", "ask more often, less often"),
    ("?, h", "this help"),
    ("q", "leave"),
)


@dataclass(slots=True)
class Filters:
    """What is shown; empty: everything."""

    route: str = ""
    """Text that the route contains."""
    worker: int | None = None
    phase: str = ""
    text: str = ""
    """Text that something of it contains."""

    def admits(self, row: Row) -> bool:
        """Tell whether a request is shown."""
        return (
            (self.worker is None or row["pid"] == self.worker)
            and (not self.phase or row["phase"] == self.phase)
            and self.route.lower() in row["route"].lower()
            and (not self.text or self.text.lower() in _everything(row))
        )

    def describe(self) -> str:
        """Say what is shown, as a person would."""
        parts = [f"{name} {value}" for name, value in (("phase", self.phase), ("worker", self.worker)) if value]
        parts += [f"route *{self.route}*"] * bool(self.route) + [f"*{self.text}*"] * bool(self.text)
        return ", ".join(parts)


@dataclass(slots=True)
class TopView:
    """See the file's description."""

    filters: Filters = field(default_factory=Filters)
    sort: str = "age"
    is_reversed: bool = False
    interval: float = 1.0
    """Seconds between two looks."""
    is_paused: bool = False
    shows_stack: bool = False
    shows_help: bool = False
    is_over: bool = False
    typed: str | None = None
    """What is being typed after `/`; `None`: nothing."""
    trouble: str = ""
    """Why there is nothing new."""
    seen: Row | None = None
    """What came last."""
    page: int = 10
    """How many requests fit; the screen sets it."""
    offset: int = 0
    """How many are above the first that is shown."""
    _before: Row | None = None
    _chosen: tuple[int, str] | None = None
    _index: int = 0

    def take(self, seen: Row) -> None:
        """Take in a new look at the server."""
        if not self.is_paused:
            self._before, self.seen = self.seen, seen
            self.trouble = ""
            self._follow()

    def rows(self) -> list[Row]:
        """Return the requests to show, in order."""
        if self.seen is None:
            return []
        found = [row for row in self.seen["requests"] if self.filters.admits(row)]
        found.sort(key=lambda row: -row["age"])
        if self.sort != "age":
            found.sort(key=self._key)
        return found[::-1] if self.is_reversed else found

    def _key(self, row: Row) -> Any:  # Any: of one type for one column
        match self.sort:
            case "phase":
                return PHASES.index(row["phase"]) if row["phase"] in PHASES else len(PHASES)
            case "worker":
                return row["pid"]
        return row[self.sort]

    @property
    def index(self) -> int:
        """Which of the rows is chosen."""
        return self._index

    def chosen(self) -> Row | None:
        """Return the chosen request, if there is any."""
        rows = self.rows()
        return rows[self._index] if rows else None

    def wanted_stacks(self) -> list[str]:
        """Return the ids of the requests whose stacks are wanted."""
        return [self._chosen[1]] if self.shows_stack and self._chosen is not None else []

    def rate(self, worker: Row) -> float | None:
        """Return requests per second of a worker since the look before; `None`: nobody knows yet."""
        if self.seen is None or self._before is None:
            return None
        before = next((one for one in self._before["workers"] if one["pid"] == worker["pid"]), None)
        seconds = self.seen["time"] - self._before["time"]
        if before is None or seconds <= 0:
            return None
        return float(max(0.0, (worker["requests"] - before["requests"]) / seconds))

    # ------------------------------------------------------------------ keys

    def press(self, key: str) -> None:
        """Do what a key stands for: a character, or a name such as `up` and `escape`."""
        if self.typed is not None:
            self._type(key)
        elif self.shows_help:
            self.shows_help = False
        else:
            self._obey(key)

    def _obey(self, key: str) -> None:
        steps = {"up": -1, "k": -1, "down": 1, "j": 1, "pageup": -self.page, "pagedown": self.page}
        steps |= {"home": -(1 << 30), "end": 1 << 30}
        if key in steps:
            self._move(steps[key])
            return
        match key:
            case "q" | "interrupt":
                self.is_over = True
            case "enter" | "s":
                self.shows_stack = not self.shows_stack
            case "escape":
                self.shows_stack = False
            case "p" | " ":
                self.is_paused = not self.is_paused
            case "o" | "O":
                at = SORTS.index(self.sort) + (1 if key == "o" else -1)
                self.sort = SORTS[at % len(SORTS)]
            case "r":
                self.is_reversed = not self.is_reversed
            case "/":
                self.typed = self.filters.text
            case "f":
                self.filters.phase = _next(("", *PHASES), self.filters.phase)
            case "w":
                pids = [] if self.seen is None else [one["pid"] for one in self.seen["workers"]]
                self.filters.worker = _next((None, *pids), self.filters.worker)
            case "c":
                self.filters = Filters()
            case "+":
                self.interval = max(0.25, self.interval / 2)
            case "-":
                self.interval = min(16.0, self.interval * 2)
            case "?" | "h":
                self.shows_help = True
        self._follow()

    def _type(self, key: str) -> None:
        match key:
            case "enter":
                self.filters.text, self.typed = self.typed or "", None
            case "escape" | "interrupt":
                self.typed = None
            case "backspace":
                self.typed = (self.typed or "")[:-1]
            case _ if len(key) == 1:
                self.typed = (self.typed or "") + key
        self._follow()

    def _move(self, step: int) -> None:
        rows = self.rows()
        if rows:
            self._index = max(0, min(len(rows) - 1, self._index + step))
            self._chosen = _name(rows[self._index])
            self._scroll(len(rows))

    def _follow(self) -> None:
        """Stay with the chosen request wherever it has moved; if it has ended, with its neighbour."""
        rows = self.rows()
        names = [_name(row) for row in rows]
        if self._chosen in names:
            self._index = names.index(self._chosen)
        else:
            self._index = max(0, min(self._index, len(rows) - 1))
            self._chosen = names[self._index] if names else None
        self._scroll(len(rows))

    def _scroll(self, count: int) -> None:
        self.offset = max(0, min(self.offset, self._index, count - 1))
        self.offset = max(self.offset, self._index - self.page + 1)

    def fit(self, page: int) -> None:
        """Be told how many requests fit."""
        self.page = max(1, page)
        self._scroll(len(self.rows()))


def _name(row: Row) -> tuple[int, str]:
    return row["pid"], row["id"]


def _next(values: tuple[Any, ...], value: Any) -> Any:  # Any: of one type
    return values[(values.index(value) + 1) % len(values)] if value in values else values[0]


def _everything(row: Row) -> str:
    where = row["where"] or {}
    parts = (row["route"], row["path"], row["method"], row["client"], row["phase"], row["thread"], row["pid"])
    return " ".join(map(str, (*parts, row["request_id"], where.get("file"), where.get("function")))).lower()
