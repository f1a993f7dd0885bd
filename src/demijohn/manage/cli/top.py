"""`demijohn top`: every request in flight over all workers: a live view, or once as text or JSON.

A thread asks the server, so that keys are obeyed while a worker lets it wait; the main thread has the terminal.
"""

import contextlib
import os
import select
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Self

import click

from .control import CONTROL_HELP, Asking, ControlFailed, control_options, place_of, workers_lines, write_json
from .topview import PHASES, SORTS, Filters, Row, TopView
from .wording import duration, place, plain, stack, table

if TYPE_CHECKING:
    from ..control.client import ControlClient

_NO_RICH = "The live view needs rich: pip install 'demijohn[top]'; or --once for text, --json for programs."

_LOOK_SECONDS = 0.25
"""How soon a changed size of the terminal is seen."""


@click.command("top", epilog=CONTROL_HELP)
@click.option("--once", is_flag=True, help="Print once, as text.")
@click.option("--stacks", is_flag=True, help="With --json or --once: the stack of each request, too.")
@click.option(
    "--interval", type=click.FloatRange(0.1, 3600), default=1.0, show_default=True, help="Seconds between looks."
)
@click.option("--sort", type=click.Choice(SORTS), default="age", show_default=True, help="Order of the requests.")
@click.option("--route", metavar="TEXT", default="", help="Only requests whose route contains this.")
@click.option("--worker", metavar="PID", type=int, help="Only requests of this worker.")
@click.option("--phase", type=click.Choice(PHASES), help="Only requests in this phase.")
@control_options
def top_command(
    socket: str | None,
    is_json: bool,
    once: bool,
    stacks: bool,
    interval: float,
    sort: str,
    route: str,
    worker: int | None,
    phase: str | None,
) -> None:
    """Show all requests in flight, and where in the code each of them is."""
    view = TopView(Filters(route, worker, phase or ""), sort, interval=interval)
    if not (is_json or once):
        _run(socket, view)
        return
    with Asking(socket, is_json=is_json) as client:
        seen = client.ask("top", stacks_of=None if stacks else [])
    view.take(seen)
    if is_json:
        write_json({**seen, "requests": view.rows()})
        return
    for line in text_lines(view):
        click.echo(line)


def text_lines(view: TopView) -> list[str]:
    """Return what `--once` prints."""
    if view.seen is None:
        return []
    lines = [*workers_lines(view.seen["workers"])]
    silent = [str(one["pid"]) for one in view.seen["workers"] if not one["is_responsive"]]
    if silent:
        lines.append(f"No answer from: {', '.join(silent)}")
    rows = [["AGE", "PHASE", "WORKER", "CLIENT", "ROUTE", "REQUEST", "WHERE"]]
    found = view.rows()
    rows += [
        [
            duration(row["age"]),
            row["phase"],
            str(row["pid"]),
            plain(row["client"]),
            plain(row["route"]) or "-",
            plain(f"{row['method']} {row['path']}".strip()) or "-",
            place(row["where"]),
        ]
        for row in found
    ]
    lines.append("")
    for line, row in zip(table(rows, {0, 2}), [None, *found], strict=True):
        lines.append(line)
        if row is not None:
            lines += stack(row["stack"], "      ")
    return lines


def _run(socket: str | None, view: TopView) -> None:
    """Show the live view until it is left."""
    from ..control.client import connect
    from ..control.protocol import ControlError

    try:
        from .topscreen import TopScreen, is_possible
    except ImportError:
        raise click.ClickException(_NO_RICH) from None
    from .keys import Keys

    if not is_possible():
        raise click.ClickException("This is no terminal for a live view; --once prints text, --json prints JSON.")
    where = place_of(socket)
    try:
        client = connect(where)
    except ControlError as error:
        raise ControlFailed(error, is_json=False) from None
    with _Poller(client, where, view.interval) as poller, Keys() as keys, TopScreen() as screen:
        size = None
        is_new = True
        while not view.is_over:
            if is_new or screen.size != size:
                size, is_new = screen.size, False
                screen.draw(view)
            ready, _, _ = select.select([keys.fd, poller], [], [], _LOOK_SECONDS)
            if poller in ready:
                is_new = True
                for seen in poller.take():
                    if isinstance(seen, str):
                        view.trouble = seen
                    else:
                        view.take(seen)
            if keys.fd in ready:
                is_new = True
                before = view.wanted_stacks()
                for key in keys.read():
                    view.press(key)
                poller.tell(view.interval, view.wanted_stacks(), at_once=view.wanted_stacks() != before)
            elif poller in ready:
                poller.tell(view.interval, view.wanted_stacks())


class _Poller:
    """Asks a server again and again, on a thread of its own, while it is entered. What it says is for one other thread."""

    def __init__(self, client: "ControlClient", where: str, interval: float) -> None:
        self._client: ControlClient | None = client  # the thread's, once there is one
        self._where = where
        self._interval = interval
        self._stacks_of: list[str] = []
        self._news: deque[Row | str] = deque()
        self._nudge = threading.Event()
        self._is_over = False
        self._read, self._write = os.pipe()
        self._thread = threading.Thread(target=self._work, name="demijohn-top", daemon=True)

    def fileno(self) -> int:
        """Return a descriptor that is readable when there is something to `take`."""
        return self._read

    def take(self) -> list[Row | str]:
        """Return what came: looks at the server, or why there is none."""
        os.read(self._read, 4096)
        found = []
        while self._news:
            found.append(self._news.popleft())
        return found

    def tell(self, interval: float, stacks_of: list[str], *, at_once: bool = False) -> None:
        """Say how often to ask, and for which stacks."""
        self._interval, self._stacks_of = interval, stacks_of
        if at_once:
            self._nudge.set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._is_over = True
        self._nudge.set()
        # Not joined: it may be waiting for a server that says nothing, and ends with the process.

    def _work(self) -> None:
        while not self._is_over:
            news = self._ask()
            self._news.append(news)
            with contextlib.suppress(OSError):
                os.write(self._write, b"\0")
            self._nudge.wait(self._interval)
            self._nudge.clear()

    def _ask(self) -> Row | str:
        from ..control.client import connect
        from ..control.protocol import ControlError

        try:
            if self._client is None:
                self._client = connect(self._where)
            answer: dict[str, Any] = self._client.ask("top", stacks_of=self._stacks_of)
        except ControlError as error:
            # It may come back, or another in its place.
            if self._client is not None:
                self._client.close()
                self._client = None
            return str(error)
        return answer
