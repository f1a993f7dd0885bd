"""`Arbiter`: carries out what the policy decides. Takes signals, waits, keeps the table; decides nothing and serves nobody.

    run -> _wait (signals, channels, deadlines) -> _collect events -> table.record -> policy.decide -> _carry_out

One thread: the one that calls `run`. Only `stop` may be called from another.
"""

import gc
import logging
import os
import selectors
import signal
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any, Final

from ..._base.clock import Clock, SystemClock
from ...serve.logwriter import reopen_logs
from ..board import Board, RunState
from .actions import (
    Action,
    BeginGeneration,
    DumpStacks,
    Exit,
    GiveUp,
    Log,
    Open,
    Promote,
    ReopenLogs,
    Retire,
    SendSignal,
    Spawn,
    StopListening,
    Upgrade,
)
from .companions import Companion, Companions
from .events import (
    Event,
    GenerationBegun,
    GenerationGivenUp,
    GenerationPromoted,
    Opened,
    Retired,
    SignalReceived,
    SignalSent,
    StacksAsked,
    Tick,
    UpgradeBegun,
    UpgradeFailed,
    UpgradeReady,
    WorkerExited,
)
from .nursery import Nursery
from .plan import Plan, PlanError
from .policy import SupervisorPolicy
from .reports import outcome
from .signals import SignalPipe, Terminal
from .successor import StartSuccessor, Successor
from .table import WorkerTable

logger = logging.getLogger("demijohn.supervisor")

HANDLED: Final = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGHUP,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGWINCH,
    signal.SIGTTIN,
    signal.SIGTTOU,
    signal.SIGCHLD,
)

_MEASURE_SECONDS: Final = 1.0
"""Between two measurements. Also: off the main thread there is no SIGCHLD; a death that no channel told of is noticed then."""

_REAP_RETRY: Final = 0.02
"""A worker's channel ends a little before the worker can be reaped."""


class Arbiter:
    """Runs workers as planned and keeps it so. Used once."""

    def __init__(
        self,
        plan: Plan,
        *,
        renew: Callable[[], Plan] | None = None,
        stop_listening: Callable[[], None] | None = None,
        start_successor: StartSuccessor | None = None,
        clock: Clock | None = None,
        board: Board | None = None,
        companions: Sequence[Companion] = (),
    ) -> None:
        """Prepare; nothing is forked yet. Bind the listeners before, so that all workers share them.

        Args:
            plan: of the first generation.
            renew: makes the plan of another generation, for a reload: `PlanError` if it cannot. Without, the first serves again.
            stop_listening: closes the listeners in this process; called when stopping begins, maybe more than once.
            start_successor: starts a new supervisor in the place of this one; `None`: that is not possible.
            clock: for tests.
            board: for the processes of this run; by default one with room for the workers that are planned.
            companions: what is to be run in processes beside the workers.
        """
        self._renew = renew or (lambda: plan)
        self._stop_listening = stop_listening
        self._start_successor = start_successor
        self._successor: Successor | None = None
        self._clock = clock or SystemClock()
        self._signals = SignalPipe(HANDLED)
        self._selector = selectors.DefaultSelector()
        wanted = plan.wanted or 1
        self.board = board or Board(wanted)
        self.nursery = Nursery(self._selector, self._signals, self.board)
        self.companions = Companions(companions, self.board, self._signals, self._clock, self.nursery.others)
        self.companions.let_go = self.nursery.let_go_of_all
        self.nursery.let_go = self.companions.close
        self._plans = {1: plan}
        self._policy: SupervisorPolicy = plan.policy
        self.nursery.is_weighing = plan.policy.max_memory is not None
        self._table = WorkerTable.empty(wanted, has_loader=self.nursery.has_loader(plan))
        self._fed: list[Event] = []
        self._measure_at = self._clock.monotonic()
        self._terminal = Terminal()
        self.on_change: Callable[[WorkerTable, WorkerTable], None] | None = None
        """Called with the table as it was and as it is, when something has happened; at least once a second."""

    @property
    def table(self) -> WorkerTable:
        """What is known of the workers; a frozen value."""
        return self._table

    def stop(self) -> None:
        """Do as if SIGTERM had arrived; a second time, leave quickly. Any thread."""
        self._signals.send(signal.SIGTERM)

    def watch(self, file: Any, callback: Callable[[], None] | None) -> None:  # Any: what a selector takes
        """Call back when `file` is readable; `None`: no more."""
        if callback is None:
            self._selector.unregister(file)
        else:
            self._selector.register(file, selectors.EVENT_READ, callback)

    def feed(self, event: Event) -> None:
        """Let something have happened: for those who are called back by `watch`, and know more than the arbiter."""
        self._fed.append(event)

    def run(self, on_start: Callable[[], None] | None = None) -> int:
        """Supervise until a stop is asked for and the last worker has left, or none can boot; return the exit code.

        `on_start` is called before the first fork, when signals are taken care of. On the main thread, signals are obeyed
        meanwhile, see README.md.
        """
        gc.collect()
        # What exists now is never collected in the workers: collecting would write to, and so copy, every shared page.
        gc.freeze()
        try:
            with self._signals:
                self._selector.register(self._signals, selectors.EVENT_READ)
                if on_start is not None:
                    on_start()
                return self._loop()
        finally:
            gc.unfreeze()
            self.nursery.close()
            self.companions.stop()
            self._selector.close()

    def _loop(self) -> int:
        exit_code = self._step(Tick())
        while exit_code is None:
            self._wait()
            # One at a time: acting on an event must not meet a worker that a later event has reaped already.
            for event in chain(self._collect(), (Tick(),)):
                exit_code = self._step(event)
                if exit_code is not None:
                    break
        return exit_code

    def _step(self, event: Event) -> int | None:
        """Record an event and do what the policy says, until it says no more; return the exit code if it says to leave."""
        before = self._table
        self._table = before.record(event, self._clock.monotonic())
        exit_code = None
        latest: Event = event
        while exit_code is None:
            actions = self._policy.decide(self._table, latest, self._clock.monotonic())
            for action in actions:
                if isinstance(action, Exit):
                    exit_code = action.code
                else:
                    self._carry_out(action)
            if all(isinstance(action, Log | StopListening | ReopenLogs) for action in actions):
                break
            latest = Tick()
        if self._table is not before:
            self._show(event, before)
            if self.on_change is not None:
                self.on_change(before, self._table)
        return exit_code

    def _show(self, event: Event, before: WorkerTable) -> None:
        """Write the facts of the run to the board."""
        head, table = self.board.head, self._table
        head.wanted, head.generation = 0 if table.is_paused else table.wanted, table.current.number
        if table.stop_requests:
            head.state = RunState.STOPPING
        elif table.was_ready:
            head.state = RunState.SERVING
        if isinstance(event, WorkerExited):
            worker = before.worker(event.pid)
            head.restarts += worker is not None and not worker.is_leaving and not table.stop_requests
        if table.last_failure and table.coming is None and table.last_failure is not before.last_failure:
            head.reload_failures += 1

    def _carry_out(self, action: Action) -> None:
        match action:
            case Spawn(generation, seat):
                self._note(self.nursery.spawn(self._plans[generation], generation, seat))
            case SendSignal(pid, number):
                self.nursery.send_signal(pid, number)
                self._note(SignalSent(pid, number))
            case Open(pid):
                self.nursery.open(pid)
                self._note(Opened(pid))
            case Retire(pid, reason, is_vain):
                self.board.head.recycled += 1
                self._note(Retired(pid, reason, is_vain))
            case DumpStacks(pid):
                self.nursery.dump_stacks(pid)
                self._note(StacksAsked(pid))
            case BeginGeneration(number):
                self._note(self._begin(number))
            case Promote(number):
                self.board.head.reloads += 1
                self._note(GenerationPromoted(number))
            case GiveUp(number, cause):
                self._note(GenerationGivenUp(number, cause))
            case ReopenLogs():
                reopen_logs()
                self.nursery.ask_all({"ask": "reopen-logs"})
            case Upgrade():
                self._note(self._upgrade())
            case StopListening():
                if self._successor is not None:
                    self._successor.stop()  # nothing is to be served any more
                if self._stop_listening is not None:
                    self._stop_listening()
            case Log(level, message):
                logger.log(level, "%s", message)
            case Exit():
                raise AssertionError("an exit is carried out by leaving the loop")

    def _begin(self, number: int) -> GenerationBegun | GenerationGivenUp:
        try:
            plan = self._renew()
        except PlanError as error:
            return GenerationGivenUp(number, str(error))
        current = self._table.current.number
        self._plans = {current: self._plans[current], number: plan}
        self._policy = plan.policy
        self.nursery.is_weighing = plan.policy.max_memory is not None
        return GenerationBegun(number, plan.wanted, self.nursery.has_loader(plan))

    def _upgrade(self) -> UpgradeBegun | UpgradeFailed:
        if os.getpid() == 1:
            return UpgradeFailed("Process 1 cannot leave before the container ends; a reload (SIGHUP) is possible.")
        if self._start_successor is None:
            return UpgradeFailed(
                "Only `demijohn run`, app.run() and run_simple() can be run again; make_server() is called by a program that may"
                " have done anything before."
            )
        try:
            self._successor = successor = Successor(self._start_successor)
        except OSError as error:
            return UpgradeFailed(str(error))
        self.nursery.others.add(successor.pid)
        self.watch(successor, self._hear_successor)
        return successor.begun

    def _hear_successor(self) -> None:
        successor = self._successor
        if successor is not None:
            self.watch(successor, None)
            event = successor.hear()
            if isinstance(event, UpgradeReady):
                # Its companions answer now, and ours would say that we stop.
                self.companions.stop()
            self.feed(event)
            self.nursery.others.discard(successor.pid)
            self._successor = None

    def _note(self, event: Event) -> None:
        """Record how an action came out."""
        self._table = self._table.record(event, self._clock.monotonic())
        log = outcome(event)
        if log is not None:
            logger.log(log.level, "%s", log.message)

    # ------------------------------------------------------------------ waiting

    def _wait(self) -> None:
        now = self._clock.monotonic()
        due = self._policy.wake_time(self._table)
        timeout = self._measure_at - now if due is None else min(self._measure_at, due) - now
        if self.nursery.is_reaping:
            timeout = min(timeout, _REAP_RETRY)
        self.board.beat()
        self.companions.look()
        for key, _ in self._selector.select(max(0.0, timeout)):
            if key.data is not None:
                key.data()

    def _collect(self) -> Iterator[Event]:
        """Find out what happened, without waiting."""
        for number in self._signals.take():
            if number != signal.SIGCHLD and self._is_meant(number):
                yield SignalReceived(self._translated(number))
        yield from self.nursery.collect()
        while self._fed:
            yield self._fed.pop(0)
        now = self._clock.monotonic()
        if now >= self._measure_at:
            self._measure_at = now + _MEASURE_SECONDS
            yield self.nursery.measure()

    def _is_meant(self, number: signal.Signals) -> bool:
        """A terminal sends SIGWINCH when its window changes: only a daemon is meant."""
        return number != signal.SIGWINCH or not self._terminal.is_there

    def _translated(self, number: signal.Signals) -> signal.Signals:
        """SIGHUP from a terminal that is gone is meant to end what ran on it."""
        if number == signal.SIGHUP and self._terminal.is_gone:
            return signal.SIGTERM
        return number
