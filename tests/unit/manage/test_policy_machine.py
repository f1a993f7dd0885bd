"""Laws of the supervisor's policy over random histories of crashes, slow boots, signals and passing time.

The machine plays the arbiter on imaginary processes. Invariants hold after every step; the ends (`settle` and `stop`) check
that the policy gets to where it is going.
"""

import signal
from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from demijohn.manage.supervisor.events import (
    Event,
    Exit,
    Log,
    SendSignal,
    SignalReceived,
    SignalSent,
    Spawn,
    SpawnFailed,
    StopListening,
    Tick,
    WorkerExited,
    WorkerReady,
    WorkerSpawned,
)
from demijohn.manage.supervisor.policy import EXIT_BOOT_FAILED, SupervisorPolicy
from demijohn.manage.supervisor.table import SlotState, WorkerTable

POLICY = SupervisorPolicy(graceful_timeout=10, quick_timeout=2, first_delay=0.5, longest_delay=8, boot_attempts=3)


@dataclass
class Process:
    """An imaginary worker."""

    slot: int
    is_ready: bool = False
    signals: tuple[signal.Signals, ...] = ()


class Supervision(RuleBasedStateMachine):
    """An arbiter without a kernel."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.next_pid = 2
        self.processes: dict[int, Process] = {}
        self.table = WorkerTable.empty(2, settle_seconds=5)
        self.forks_fail = False
        self.has_failed_forks = False
        self.exit_code: int | None = None
        self.was_ready = False
        self.is_listening = True
        self.last_crash: dict[int, tuple[float, bool]] = {}  # slot -> (when, was it early)
        self.feed(Tick())

    def feed(self, event: Event) -> None:
        assert self.exit_code is None, "nothing happens to a supervisor that has left"
        before = self.table
        self.table = before.record(event, self.now)
        actions = POLICY.decide(self.table, event, self.now)
        assert POLICY.decide(self.table, event, self.now) == actions, "pure"
        assert before.record(event, self.now) == self.table, "pure"
        for action in actions:
            match action:
                case Spawn(slot):
                    self.spawn(slot)
                case SendSignal(pid, number):
                    self.send(pid, number)
                case StopListening():
                    self.is_listening = False
                case Exit(code):
                    assert action is actions[-1]
                    self.exit_code = code
                case Log():
                    pass
        if self.has_failed_forks and self.exit_code is None:
            self.has_failed_forks = False
            self.feed(Tick())

    def spawn(self, slot: int) -> None:
        assert self.table.stop_requests == 0, "no worker is started while stopping"
        assert all(process.slot != slot for process in self.processes.values()), "one worker to a slot"
        assert slot < self.table.wanted
        when, was_early = self.last_crash.get(slot, (float("-inf"), False))
        if was_early:
            assert self.now >= when + POLICY.first_delay, "no spawn storm"
        if self.forks_fail:
            self.last_crash[slot] = (self.now, True)
            self.table = self.table.record(SpawnFailed(slot, "no memory"), self.now)
            self.has_failed_forks = True
            return
        pid, self.next_pid = self.next_pid, self.next_pid + 1
        self.processes[pid] = Process(slot)
        self.table = self.table.record(WorkerSpawned(slot, pid), self.now)

    def send(self, pid: int, number: signal.Signals) -> None:
        process = self.processes[pid]  # a reaped process id may belong to a stranger by now
        assert number not in process.signals, "no signal twice"
        process.signals = (*process.signals, number)
        self.table = self.table.record(SignalSent(pid, number), self.now)

    def leave(self, pid: int, status: int, cause: str = "") -> None:
        process = self.processes.pop(pid)
        slot = self.table.slots[process.slot]
        was_early = not process.signals and (not process.is_ready or self.now - slot.since < 5)
        self.last_crash[process.slot] = (self.now, was_early)
        self.feed(WorkerExited(pid, status, cause))

    def is_running(self) -> bool:
        return self.exit_code is None

    @precondition(is_running)
    @rule(seconds=st.floats(0, 40))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.feed(Tick())

    @precondition(is_running)
    @rule()
    def time_passes_to_the_deadline(self) -> None:
        due = POLICY.wake_time(self.table)
        if due is not None:
            self.now = max(self.now, due)
            assert POLICY.decide(self.table, Tick(), self.now), "there was a reason to wake up"
            self.feed(Tick())

    @precondition(is_running)
    @rule(data=st.data())
    def a_worker_gets_ready(self, data: st.DataObject) -> None:
        booting = [pid for pid, process in self.processes.items() if not process.is_ready]
        if booting:
            pid = data.draw(st.sampled_from(booting))
            self.processes[pid].is_ready = True
            self.was_ready = True
            self.feed(WorkerReady(pid))

    @precondition(is_running)
    @rule(data=st.data(), status=st.sampled_from([0, 1, 3, -9, -11, -64]))
    def a_worker_dies(self, data: st.DataObject, status: int) -> None:
        if self.processes:
            self.leave(data.draw(st.sampled_from(sorted(self.processes))), status, "because")

    @precondition(is_running)
    @rule(data=st.data())
    def a_worker_obeys(self, data: st.DataObject) -> None:
        told = [pid for pid, process in self.processes.items() if process.signals]
        if told:
            self.leave(data.draw(st.sampled_from(told)), 0)

    @precondition(is_running)
    @rule(pid=st.integers(-1, 10_000))
    def a_stranger_dies(self, pid: int) -> None:
        if pid not in self.processes:
            before = self.table
            self.feed(WorkerExited(pid, 1))
            assert self.table == before

    @precondition(is_running)
    @rule(number=st.sampled_from([signal.SIGTTIN, signal.SIGTTOU]))
    def the_operator_wants_more_or_fewer(self, number: signal.Signals) -> None:
        if number == signal.SIGTTOU or self.table.wanted < 5:
            self.feed(SignalReceived(number))

    @precondition(lambda self: self.exit_code is None and len(self.processes) > 1)
    @rule(number=st.sampled_from([signal.SIGTERM, signal.SIGINT, signal.SIGQUIT]))
    def the_operator_stops_it(self, number: signal.Signals) -> None:
        self.feed(SignalReceived(number))

    @rule()
    def nothing_happens(self) -> None:
        """Also after the end."""

    @precondition(is_running)
    @rule(fail=st.booleans())
    def memory_runs_out(self, fail: bool) -> None:
        self.forks_fail = fail

    @invariant()
    def the_table_tells_the_truth(self) -> None:
        live = {slot.pid: slot.state is SlotState.READY for slot in self.table.live}
        assert live == {pid: process.is_ready for pid, process in self.processes.items()}

    @invariant()
    def every_deadline_is_ahead(self) -> None:
        if self.exit_code is None:
            due = POLICY.wake_time(self.table)
            assert due is None or due > self.now, "what is due has been done"
            assert not [a for a in POLICY.decide(self.table, Tick(), self.now) if not isinstance(a, Log)]

    @invariant()
    def leaving_is_for_the_right_reason(self) -> None:
        if self.exit_code is not None:
            assert not self.processes, "nobody is left behind"
            assert self.exit_code == (0 if self.table.stop_requests else EXIT_BOOT_FAILED)
            assert self.exit_code == 0 or not self.was_ready, "an application that has worked is never given up"

    @invariant()
    def who_stops_closes_the_port_and_tells_everyone(self) -> None:
        if self.table.stop_requests:
            assert not self.is_listening
            assert all(process.signals for process in self.processes.values())

    def teardown(self) -> None:
        self.settle()
        self.stop()

    def settle(self) -> None:
        """If workers boot from now on, there will soon be as many as are wanted."""
        self.forks_fail = False
        for _ in range(200):
            if self.exit_code is not None or self.table.stop_requests:
                return
            booting = [pid for pid, process in self.processes.items() if not process.is_ready and not process.signals]
            told = [pid for pid, process in self.processes.items() if process.signals]
            if booting:
                self.processes[booting[0]].is_ready = True
                self.was_ready = True
                self.feed(WorkerReady(booting[0]))
            elif told:
                self.leave(told[0], 0)
            elif len(self.processes) < self.table.wanted:
                self.time_passes_to_the_deadline()
            else:
                break
        assert [process.is_ready for process in self.processes.values()] == [True] * self.table.wanted

    def stop(self) -> None:
        """Stubborn workers or not: it ends, and in bounded time."""
        if self.exit_code is None and not self.table.stop_requests:
            self.feed(SignalReceived(signal.SIGTERM))
        end = self.now + POLICY.graceful_timeout + POLICY.quick_timeout
        for _ in range(200):
            if self.exit_code is not None:
                break
            killed = [pid for pid, process in self.processes.items() if signal.SIGKILL in process.signals]
            if killed:
                self.leave(killed[0], -signal.SIGKILL)
            else:
                self.time_passes_to_the_deadline()
        assert self.exit_code is not None
        assert self.now <= end


Supervision.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
test_supervision = Supervision.TestCase
