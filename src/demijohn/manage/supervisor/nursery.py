"""`Nursery`: the processes that the arbiter has forked, or has had forked: their channels, their signals, their ends.

It carries out, and says what happened as events; it decides nothing. For the arbiter's thread only.
"""

import contextlib
import logging
import os
import random
import selectors
import signal
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final, NoReturn

from ..board import Board, BoardError, WorkerState
from .channel import Channel, ChannelClosed, Message
from .events import (
    LOADER,
    Event,
    Measure,
    SpawnAsked,
    SpawnFailed,
    WorkerExited,
    WorkerReady,
    WorkersMeasured,
    WorkerSpawned,
    WorkerWantsOut,
)
from .forking import fork
from .loader import adopt_orphans, run_loader
from .memory import memory_of
from .plan import Plan
from .signals import SignalPipe
from .worker import STACKS_SIGNAL, Inheritance, run_worker

logger = logging.getLogger("demijohn.supervisor")

OnAnswer = Callable[[Message | None], None]
"""Told the answer to a question, or `None` if the worker has ended."""

_NO_ROW: Final = -1
"""Of the board; loaders serve nobody, and have none."""

_MOST_CAUSE: Final = 64 << 10
"""Characters kept of what a worker says about a failed boot."""


@dataclass(slots=True, eq=False)
class _Child:
    """The arbiter's end of one process."""

    generation: int
    seat: int
    channel: Channel
    row: int
    pid: int = 0
    """0 until the loader has said which."""
    cause: str = ""
    is_over: bool = False
    """Its channel has ended."""
    asked: dict[int, OnAnswer] = field(default_factory=dict)


class Nursery:
    """All processes of one supervisor."""

    def __init__(self, selector: selectors.BaseSelector, signals: SignalPipe, board: Board) -> None:
        self._selector = selector
        self._signals = signals
        self._board = board
        self._children: dict[int, _Child] = {}
        self._unborn: dict[int, _Child] = {}
        """Those that a loader was asked for, by the number of the request."""
        self._loaders: dict[int, _Child] = {}
        """By generation."""
        self._strangers: dict[int, int] = {}
        """How processes ended that may turn out to be ours, while a loader has not said yet which are."""
        self.others: set[int] = set()
        """Children that are not ours to reap."""
        self.is_weighing = False
        """It is measured how much memory workers take."""
        self._is_subreaper = False
        self._last_request = 0
        self._turn = 0
        self.let_go: Callable[[], None] = lambda: None
        """Called in each child: closes what is the arbiter's beside the channels."""
        self.on_text: Callable[[int, str], bool] = lambda pid, text: False  # noqa: ARG005 - nobody wants it
        """Told what a worker wrote that is no message; whatever it does not take (False) is logged."""
        self.on_files: Callable[[int, Mapping[str, str]], None] = lambda generation, files: None  # noqa: ARG005 - nobody wants it
        """Told a generation, and files that it is made of, with their signatures."""
        self.standing: dict[str, Message] = {}
        """What each worker is asked as soon as it is ready, before it may serve; the answers are nobody's. By any name."""

    # ------------------------------------------------------------------ forking

    def has_loader(self, plan: Plan) -> bool:
        """Tell whether a plan's wish for a loader can be fulfilled."""
        if plan.has_loader and not self._is_subreaper:
            self._is_subreaper = adopt_orphans()
            if not self._is_subreaper:
                logger.warning("preload is not possible on this system; each worker loads the application for itself.")
        return plan.has_loader and self._is_subreaper

    def spawn(self, plan: Plan, generation: int, seat: int) -> WorkerSpawned | SpawnAsked | SpawnFailed:
        """Fork a worker or a loader, or have a worker forked."""
        try:
            row = _NO_ROW if seat == LOADER else self._board.take(generation)
        except BoardError as error:
            return SpawnFailed(generation, seat, str(error))
        channel, theirs = Channel.pair()
        child = _Child(generation, seat, channel, row)
        loader = self._loaders.get(generation)
        with theirs:
            try:
                if loader is None:
                    child.pid = self._fork(plan, child, theirs)
                else:
                    self._last_request += 1
                    loader.channel.send_with_fd({"fork": self._last_request, "row": row}, theirs.fileno())
            except (OSError, ChannelClosed) as error:
                logger.error("Cannot fork a worker: %s", error)  # noqa: TRY400 - the traceback would only show this line
                self._close(child)
                return SpawnFailed(generation, seat, str(error))
        if loader is not None:
            self._unborn[self._last_request] = child
            return SpawnAsked(generation, seat)
        self._add(child)
        if seat == LOADER:
            self._loaders[generation] = child
        return WorkerSpawned(generation, seat, child.pid, random.random())  # noqa: S311 - no secret

    def _add(self, child: _Child) -> None:
        self._children[child.pid] = child
        if child.row != _NO_ROW:
            self._board.slot(child.row).pid = child.pid
        self._selector.register(child.channel, selectors.EVENT_READ)

    def _fork(self, plan: Plan, child: _Child, theirs: socket.socket) -> int:
        def live(mask: Iterable[int]) -> NoReturn:
            inherited = Inheritance(
                signals=self._signals,
                sock=socket.socket(fileno=theirs.detach()),
                let_go=partial(self._let_go, child),
                mask=mask,
                board=self._board,
                row=child.row,
                drain_timeout=plan.drain_timeout,
                files=plan.files,
            )
            run = run_loader if child.seat == LOADER else run_worker
            run(plan.load, inherited)

        return fork(live)

    def _let_go(self, child: _Child) -> None:
        """In a child: close what belongs to the arbiter."""
        child.channel.close()
        self.let_go_of_all()

    def let_go_of_all(self) -> None:
        """Close what belongs to the arbiter, in a process that was forked by it."""
        self._selector.close()
        for one in (*self._children.values(), *self._unborn.values()):
            one.channel.close()
        self.let_go()

    # ------------------------------------------------------------------ telling

    def send_signal(self, pid: int, number: signal.Signals) -> None:
        """Signal a process that has not been reaped; a loader is told in its own way to stop, see there."""
        child = self._children[pid]
        if child.seat == LOADER and number == signal.SIGTERM:
            self._tell(child, {"stop": True})
        else:
            # Not reaped yet, so the number is the worker's and nobody else's.
            os.kill(pid, number)
            self._show(child, WorkerState.STOPPING)

    def _show(self, child: _Child, state: WorkerState) -> None:
        if child.row != _NO_ROW:
            self._board.slot(child.row).state = state

    def open(self, pid: int) -> None:
        """Let a worker serve."""
        child = self._children[pid]
        self._show(child, WorkerState.SERVING)
        self._tell(child, {"go": True})

    def dump_stacks(self, pid: int) -> None:
        """Have the stacks of all its threads come as text, see `texts`."""
        os.kill(pid, STACKS_SIGNAL)

    def ask(self, pid: int, question: Message, on_answer: OnAnswer | None = None) -> bool:
        """Ask a worker something that its link knows to answer; False if there is no such worker, or it takes nothing."""
        child = self._children.get(pid)
        if child is None or child.seat == LOADER or child.is_over:
            return False
        self._last_request += 1
        if not self._tell(child, {**question, "id": self._last_request}):
            return False
        if on_answer is not None:
            child.asked[self._last_request] = on_answer
        return True

    def ask_all(self, question: Message) -> None:
        """Ask all workers, and do without the answers."""
        for pid in list(self._children):
            self.ask(pid, question)

    def _tell(self, child: _Child, message: Message) -> bool:
        with contextlib.suppress(ChannelClosed):  # it ends, which is noticed where it is reaped
            child.channel.send(message)
            return True
        return False

    # ------------------------------------------------------------------ hearing

    @property
    def is_reaping(self) -> bool:
        """Somebody's channel has ended, and he has not been reaped."""
        return any(child.is_over for child in self._children.values())

    def collect(self) -> Iterator[Event]:
        """Find out what happened, without waiting."""
        for child in list(self._children.values()):
            yield from self._hear(child)
        for pid, child in list(self._children.items()):
            # SECURITY: by number, never "any child": a stranger's exit code must not pass for a worker's.
            status = self._strangers.pop(pid, None)
            if status is None:
                reaped, status = os.waitpid(pid, os.WNOHANG)
                if not reaped:
                    continue
            yield from self._hear(child)
            self._bury(child)
            yield WorkerExited(pid, os.waitstatus_to_exitcode(status), child.cause)
        if os.getpid() == 1 or self._is_subreaper:
            self._reap_strangers()

    def _hear(self, child: _Child) -> Iterator[Event]:
        """Take in what a process says."""
        if child.is_over:
            return
        for message in child.channel.receive():
            if "ready" in message:
                self._show(child, WorkerState.READY)
                for question in self.standing.values():
                    self.ask(child.pid, question)
                yield WorkerReady(child.pid, memory_of(child.pid) if self.is_weighing else None)
            elif "failed" in message:
                child.cause = str(message["failed"])[-_MOST_CAUSE:]
            elif "replace_me" in message:
                yield WorkerWantsOut(child.pid, str(message["replace_me"]))
            elif "files" in message:
                self.on_files(child.generation, message["files"])
            elif "forked" in message:
                yield from self._born(message)
            elif (on_answer := child.asked.pop(message.get("answer", 0), None)) is not None:
                on_answer(message)
        text = child.channel.take_text()
        if text and not self.on_text(child.pid, text):
            logger.error("Worker %d was here:\n%s", child.pid, text)
        if child.channel.is_ended:
            child.is_over = True
            self._selector.unregister(child.channel)

    def _born(self, message: Message) -> Iterator[Event]:
        """Take in what a loader says of a worker that it was asked for."""
        child = self._unborn.pop(message["forked"])
        if "pid" not in message:
            self._close(child)
            yield SpawnFailed(child.generation, child.seat, str(message.get("error")))
            return
        child.pid = message["pid"]
        self._add(child)
        yield WorkerSpawned(child.generation, child.seat, child.pid, random.random())  # noqa: S311 - no secret
        yield from self._hear(child)

    def _bury(self, child: _Child) -> None:
        del self._children[child.pid]
        for on_answer in child.asked.values():
            on_answer(None)
        if child.seat == LOADER:
            del self._loaders[child.generation]
            for number, one in list(self._unborn.items()):
                if one.generation == child.generation:
                    del self._unborn[number]
                    self._close(one)
        self._close(child)

    def _close(self, child: _Child) -> None:
        if not child.is_over and child.pid:
            self._selector.unregister(child.channel)
        child.channel.close()
        if child.row != _NO_ROW:
            self._board.give_back(child.row)

    def _reap_strangers(self) -> None:
        """We inherit orphans, as process 1 or by our own wish; take them off the process table, and the workers not."""
        if not self._unborn:
            self._strangers.clear()
        while True:
            try:
                waiting = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if waiting is None or waiting.si_pid in self._children or waiting.si_pid in self.others:
                # A worker in front is reaped in the next round, and shows what stands behind it.
                return
            _, status = os.waitpid(waiting.si_pid, os.WNOHANG)
            if self._unborn:
                self._strangers[waiting.si_pid] = status

    # ------------------------------------------------------------------ measuring

    def measure(self) -> WorkersMeasured:
        """Read the board; and if it is weighing, how much memory one of the workers takes, in turn."""
        workers = [child for child in self._children.values() if child.seat != LOADER]
        self._turn += 1
        chosen = workers[self._turn % len(workers)].pid if workers and self.is_weighing else 0
        return WorkersMeasured(
            tuple(
                Measure(child.pid, slot.beats, slot.requests, memory_of(child.pid) if child.pid == chosen else None)
                for child in workers
                for slot in (self._board.slot(child.row),)
            )
        )

    def close(self) -> None:
        """Close all channels: if this is an error's way out, their ends tell the workers."""
        for child in (*self._children.values(), *self._unborn.values()):
            self._close(child)
