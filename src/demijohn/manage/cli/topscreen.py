"""What `demijohn top` draws: a `TopView` as lines of a terminal. The one file that knows rich; it decides nothing."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self

from rich.cells import set_cell_size
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from .topview import HELP, Row, TopView
from .wording import duration, place, plain, size, stack

_PHASES: Final = {
    "handler": "green",
    "writing": "cyan",
    "queued": "bold yellow",
    "body": "blue",
    "head": "blue",
    "after": "magenta",
}
_SLOW: Final = ((30.0, "bold red"), (5.0, "yellow"))
"""Ages from which a request is marked."""
_LATE_BEAT: Final = 3.0

_KEYS: Final = (
    "q leave  ? keys  Enter stack  p pause  / f w filter  o sort  ",
    "q leave  ? keys  Enter stack  p pause  ",
    "q leave  ? keys  ",
)
"""What the last line says of keys, as far as there is room."""


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of a table."""

    title: str
    width: int
    """The least; what is left over goes to columns with a share."""
    text: Callable[[Row], str]
    share: int = 0
    from_width: int = 0
    """Shown on terminals at least so wide."""
    is_right: bool = False
    sort: str = ""
    """The order it stands for."""


_REQUESTS: Final = (
    _Column("AGE", 6, lambda row: duration(row["age"]), is_right=True, sort="age"),
    _Column("PHASE", 7, lambda row: row["phase"], sort="phase"),
    _Column("WORKER", 7, lambda row: str(row["pid"]), is_right=True, sort="worker"),
    _Column("CLIENT", 15, lambda row: row["client"], from_width=110, sort="client"),
    _Column("ROUTE", 12, lambda row: row["route"] or "-", share=2, sort="route"),
    _Column("REQUEST", 12, lambda row: f"{row['method']} {row['path']}".strip() or "-", share=3, sort="path"),
    _Column("THREAD", 12, lambda row: row["thread"] or "-", from_width=120),
    _Column("WHERE", 14, lambda row: place(row["where"]), share=3),
)

_WORKERS: Final = (
    _Column("WORKER", 7, lambda row: str(row["pid"]), is_right=True),
    _Column("GEN", 3, lambda row: str(row["generation"]), is_right=True),
    _Column("STATE", 12, lambda row: row["state"] if row["is_responsive"] else "no answer"),
    _Column("REQ/S", 7, lambda row: row["rate"], is_right=True),
    _Column("REQUESTS", 9, lambda row: str(row["requests"]), is_right=True),
    _Column("FLIGHT", 6, lambda row: str(row["in_flight"]), is_right=True),
    _Column("QUEUED", 6, lambda row: str(row["queued"]), is_right=True),
    _Column("IDLE", 5, lambda row: str(row.get("idle", "-")), from_width=90, is_right=True),
    _Column("MEMORY", 6, lambda row: size(row["memory_bytes"]), is_right=True),
    _Column("BEAT", 6, lambda row: duration(row["heartbeat_age"]), is_right=True),
    _Column("AGE", 6, lambda row: duration(row["age"]), from_width=90, is_right=True),
)


class TopScreen:
    """The terminal while `demijohn top` has it; a context manager."""

    def __init__(self, console: Console | None = None) -> None:
        """Draw on standard output, or on what a test gives."""
        self._console = console or Console()
        self._live = Live(console=self._console, screen=True, auto_refresh=False, vertical_overflow="crop")

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.stop()

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines."""
        return self._console.size.width, self._console.size.height

    def draw(self, view: TopView) -> None:
        """Draw a view as it is now."""
        width, height = self.size
        self._live.update(Group(*lines_of(view, width, height)), refresh=True)


def lines_of(view: TopView, width: int, height: int) -> list[Text]:
    """Return a view as exactly `height` lines."""
    lines = [*_head(view, width), *_workers(view, width, max(1, height // 4))]
    rest = max(3, height - len(lines) - 1)
    if view.shows_help:
        body = _help(width)
    else:
        chosen = view.chosen()
        panel = _stack(chosen, width, rest // 2) if view.shows_stack and chosen is not None else []
        body = [*_requests(view, width, rest - len(panel)), *panel]
    body = body[:rest] + [Text("")] * (rest - len(body))
    found = [*lines, *body, _foot(view, width)][-height:]
    for line in found:
        line.truncate(width)
    return found


def _head(view: TopView, width: int) -> list[Text]:
    seen = view.seen
    if seen is None:
        return [_bar(f" demijohn top · {view.trouble or 'asking …'}", width, "reverse")]
    phases: dict[str, int] = {}
    for worker in seen["workers"]:
        for phase, count in worker.get("phases", {}).items():
            phases[phase] = phases.get(phase, 0) + count
    rates = [rate for rate in map(view.rate, seen["workers"]) if rate is not None]
    what = "supervisor" if seen["is_supervised"] else "process"
    first = f" demijohn {seen['version']} · {what} {seen['pid']} · {seen['state']} for {duration(seen['uptime'])}"
    first += f" · {' '.join(map(plain, seen['addresses']))}"
    second = Text(f" {sum(rates):.0f} requests/s · {sum(phases.values())} in flight")
    for phase, style in _PHASES.items():
        if phases.get(phase):
            second.append(" · ")
            second.append(f"{phases[phase]} {phase}", style)
    if seen["is_supervised"]:
        second.append(f" · generation {seen['generation']}, {seen['wanted']} workers wanted")
    if seen.get("coming_generation"):
        second.append(f" · reloading: generation {seen['coming_generation']} boots", "bold yellow")
    elif seen.get("last_failure"):
        second.append(" · the last reload came to nothing (ctl status says why)", "bold red")
    second.truncate(width, overflow="ellipsis")
    return [_bar(first, width, "reverse"), second]


def _workers(view: TopView, width: int, most: int) -> list[Text]:
    if view.seen is None:
        return []
    workers = view.seen["workers"]
    columns, widths = _layout(_WORKERS, width)
    lines = [_titles(columns, widths, width)]
    # Those that are in trouble first: there may be more than fit.
    shown = sorted(workers, key=lambda one: (one["is_responsive"], one["state"] == "serving"))
    if len(shown) > most:
        shown = shown[: max(1, most - 1)]
    for worker in sorted(shown, key=lambda one: one["pid"]):
        rate = view.rate(worker)
        row = {**worker, "rate": "-" if rate is None else f"{rate:.0f}"}
        line = _line(row, columns, widths)
        if not worker["is_responsive"]:
            line.stylize("bold red")
        elif (worker["heartbeat_age"] or 0.0) > _LATE_BEAT:
            line.stylize("yellow")
        elif worker["state"] != "serving":
            line.stylize("dim")
        lines.append(line)
    if len(shown) < len(workers):
        lines.append(Text(f" … and {len(workers) - len(shown)} more", "dim"))
    return lines


def _requests(view: TopView, width: int, height: int) -> list[Text]:
    rows = view.rows()
    columns, widths = _layout(_REQUESTS, width)
    lines = [_titles(columns, widths, width, view.sort, is_reversed=view.is_reversed)]
    view.fit(height - 1)
    for number, row in enumerate(rows[view.offset : view.offset + height - 1], view.offset):
        line = _line(row, columns, widths)
        if number == view.index:
            line.stylize("reverse")
        else:
            _colour(line, row, columns, widths)
        lines.append(line)
    if not rows and view.seen is not None:
        hidden = len(view.seen["requests"])
        lines.append(
            Text(f" Nothing of {hidden} is shown; c shows everything." if hidden else " Nothing in flight.", "dim")
        )
    return lines


def _colour(line: Text, row: Row, columns: list[_Column], widths: list[int]) -> None:
    at = 1
    for column, width in zip(columns, widths, strict=True):
        if column.title == "PHASE":
            line.stylize(_PHASES.get(row["phase"], ""), at, at + width)
        elif column.title == "AGE":
            style = next((style for age, style in _SLOW if row["age"] >= age), "")
            line.stylize(style, at, at + width)
        at += width + 1


def _stack(row: Row, width: int, height: int) -> list[Text]:
    """Return a panel with the stack of a request; if it does not fit, its innermost part."""
    title = f" {plain(row['method'])} {plain(row['path'])} · worker {row['pid']} · {row['thread'] or 'no thread'}"
    title += f" · request {row['connection_request']} of a connection of {duration(row['connection_age'])}"
    if row["request_id"]:
        title += f" · id {plain(row['request_id'])}"
    found = stack(row["stack"], " ")
    if not found:
        found = [" Asking …" if row["thread"] else f" No thread runs it: it is in the phase {row['phase']}."]
    lines = [_bar(title, width, "reverse blue")]
    lines += [
        Text(set_cell_size(line, width), "" if line.startswith(" File") else "dim") for line in found[-(height - 1) :]
    ]
    return lines


def _help(width: int) -> list[Text]:
    lines = [_bar(" Keys", width, "reverse blue"), Text("")]
    lines += [Text(set_cell_size(f"   {keys:34} {what}", width)) for keys, what in HELP]
    return lines


def _foot(view: TopView, width: int) -> Text:
    if view.typed is not None:
        return _bar(f" show only what contains: {view.typed}▏  (Enter: yes, Esc: no)", width, "reverse yellow")
    parts = [f"sort {view.sort}{' reversed' * view.is_reversed}", f"every {view.interval:g}s"]
    if view.is_paused:
        parts.insert(0, "PAUSED")
    if shown := view.filters.describe():
        parts.append(f"only {shown}")
    if view.trouble:
        parts.insert(0, plain(view.trouble))
    rows = view.rows()
    at = f"{view.index + 1}/{len(rows)} " if rows else ""
    left = f" {' · '.join(parts)}"
    style = "reverse red" if view.trouble else "reverse yellow" if view.is_paused else "reverse"
    room = width - len(left) - len(at)
    keys = next((keys for keys in _KEYS if len(keys) < room), "")
    return _bar(left + keys.rjust(room) + at, width, style)


# ------------------------------------------------------------------ tables


def _layout(columns: tuple[_Column, ...], width: int) -> tuple[list[_Column], list[int]]:
    """Return the columns that a width has room for, and how wide each of them is."""
    shown = [column for column in columns if column.from_width <= width]
    widths = [column.width for column in shown]
    left = width - sum(widths) - len(widths) - 1
    shares = sum(column.share for column in shown)
    if left > 0 and shares:
        widths = [each + left * column.share // shares for each, column in zip(widths, shown, strict=True)]
    return shown, widths


def _titles(
    columns: list[_Column], widths: list[int], width: int, sort: str = "", *, is_reversed: bool = False
) -> Text:
    cells = []
    for column, each in zip(columns, widths, strict=True):
        arrow = ("△" if is_reversed else "▽") if sort and column.sort == sort else ""
        title = f"{arrow}{column.title}" if column.is_right else f"{column.title}{arrow}"
        cells.append(title.rjust(each) if column.is_right else title.ljust(each))
    return Text(set_cell_size(" " + " ".join(cells), width), "bold")


def _line(row: Row, columns: list[_Column], widths: list[int]) -> Text:
    cells = []
    for column, width in zip(columns, widths, strict=True):
        text = plain(column.text(row))
        if len(text) > width:
            text = text[: width - 1] + "…"
        cells.append(text.rjust(width) if column.is_right else set_cell_size(text, width))
    return Text(" " + " ".join(cells))


def _bar(text: str, width: int, style: str) -> Text:
    if len(text) > width:
        text = text[: width - 1] + "…"
    return Text(set_cell_size(text, width), style)


def is_possible() -> bool:
    """Tell whether there is a terminal to draw on."""
    return os.isatty(0) and os.isatty(1) and os.environ.get("TERM", "") not in {"", "dumb"}
