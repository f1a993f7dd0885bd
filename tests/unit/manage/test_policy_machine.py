"""Laws of the supervisor's policy over random histories of crashes, slow boots, hung workers, reloads, signals and passing time.

The machine plays the arbiter on imaginary processes. Invariants hold after every step; the ends (`settle` and `stop`) check
that the policy gets to where it is going.
"""

import signal
from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from demijohn.manage.supervisor.actions import (
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
from demijohn.manage.supervisor.events import (
    LOADER,
    Event,
    FilesChanged,
    GenerationBegun,
    GenerationGivenUp,
    GenerationPromoted,
    Measure,
    Opened,
    Retired,
    ScaleAsked,
    SignalReceived,
    SignalSent,
    SpawnAsked,
    SpawnFailed,
    StacksAsked,
    Tick,
    UpgradeBegun,
    UpgradeFailed,
    UpgradeReady,
    WorkerExited,
    WorkerReady,
    WorkersMeasured,
    WorkerSpawned,
    WorkerWantsOut,
)
from demijohn.manage.supervisor.policy import EXIT_BOOT_FAILED, SupervisorPolicy
from demijohn.manage.supervisor.rows import State
from demijohn.manage.supervisor.table import WorkerTable

POLICY = SupervisorPolicy(
    graceful_timeout=10,
    quick_timeout=2,
    first_delay=0.5,
    longest_delay=8,
    boot_attempts=3,
    worker_timeout=20,
    boot_timeout=50,
    max_requests=100,
    max_requests_jitter=10,
    max_age=300,
    max_memory=1000,
)
SETTLE = 5


@dataclass
class Process:
    """An imaginary worker or loader."""

    generation: int
    seat: int
    state: str = "booting"
    since: float = 0.0
    signals: tuple[signal.Signals, ...] = ()
    beat: int = 0
    is_hung: bool = False
    requests: int = 0
    memory: int = 0
    first_memory: int = 0
    is_retired: bool = False
    has_dumped: bool = False


@dataclass
class Outside:
    """What the policy cannot know."""

    forks_fail: bool = False
    broken: set[int] = field(default_factory=set)  # generations that cannot boot
    next_is_broken: bool = False
    settings_are_broken: bool = False
    next_wanted: int | None = None
    are_born_large: bool = False


class Supervision(RuleBasedStateMachine):
    """An arbiter without a kernel."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.next_pid = 2
        self.processes: dict[int, Process] = {}
        self.asked: list[tuple[int, int]] = []  # of loaders, not forked yet
        self.outside = Outside()
        self.exit_code: int | None = None
        self.was_ready = False
        self.is_listening = True
        self.last_crash: dict[tuple[int, int], float] = {}
        self.killed_by_fate = 0  # workers that the policy has lost and could not help
        self.current = 1
        self.stops_wished = 0
        self.has_loaders = False
        self.table = WorkerTable.empty(2, settle_seconds=SETTLE)

    @initialize(has_loaders=st.booleans())
    def begin(self, has_loaders: bool) -> None:
        self.has_loaders = has_loaders
        self.table = WorkerTable.empty(2, settle_seconds=SETTLE, has_loader=has_loaders)
        self.feed(Tick())
        self.many_get_ready(8)

    # ------------------------------------------------------------------ the arbiter

    def feed(self, event: Event) -> None:
        assert self.exit_code is None, "nothing happens to a supervisor that has left"
        serving = self.count_serving()
        before = self.table
        self.table = before.record(event, self.now)
        assert before.record(event, self.now) == self.table, "pure"
        for _ in range(30):
            actions = POLICY.decide(self.table, event, self.now)
            assert POLICY.decide(self.table, event, self.now) == actions, "pure"
            for action in actions:
                self.carry_out(action, is_last=action is actions[-1])
            if all(isinstance(action, Log | StopListening | ReopenLogs | Exit) for action in actions):
                break
            event = Tick()
        else:
            raise AssertionError("it never comes to an end")
        if not self.table.stop_requests and not self.table.is_paused:
            wanted = min(self.table.wanted, before.wanted)
            assert self.count_serving() >= min(serving, wanted) - self.killed_by_fate - 1, "reloads lose nobody"
        self.killed_by_fate = 0

    def carry_out(self, action: Action, *, is_last: bool) -> None:
        match action:
            case Spawn(generation, seat):
                self.spawn(generation, seat)
            case SendSignal(pid, number):
                self.send(pid, number)
            case Open(pid):
                process = self.processes[pid]
                assert process.state == "ready"
                assert process.generation == self.current, "the coming generation takes no traffic"
                process.state, process.since = "serving", self.now
                self.note(Opened(pid))
            case Retire(pid, reason, is_vain):
                assert reason
                assert self.outside_says_vain(pid) or not is_vain
                assert not any(process.is_retired for process in self.processes.values()), "never two at once"
                self.processes[pid].is_retired = True
                self.note(Retired(pid, reason, is_vain))
            case DumpStacks(pid):
                assert not self.processes[pid].has_dumped
                self.processes[pid].has_dumped = True
                self.note(StacksAsked(pid))
            case BeginGeneration(number):
                self.begin_generation(number)
            case Promote(number):
                members = [one for one in self.processes.values() if one.generation == number and one.seat != LOADER]
                assert number not in self.outside.broken, "a broken generation never replaces a working one"
                assert self.table.coming is not None
                assert len([one for one in members if one.state == "ready"]) >= self.table.coming.wanted
                self.current = number
                self.note(GenerationPromoted(number))
            case GiveUp(number, cause):
                assert number != self.current
                self.note(GenerationGivenUp(number, cause))
            case Upgrade():
                self.note(UpgradeBegun(1))
            case StopListening():
                self.is_listening = False
            case Exit(code):
                assert is_last
                self.exit_code = code

    def outside_says_vain(self, pid: int) -> bool:
        return self.processes[pid].first_memory > (POLICY.max_memory or 0)

    def note(self, event: Event) -> None:
        self.table = self.table.record(event, self.now)

    def begin_generation(self, number: int) -> None:
        if self.outside.settings_are_broken:
            self.note(GenerationGivenUp(number, "no such setting"))
            return
        if self.outside.next_is_broken:
            self.outside.broken.add(number)
        self.note(GenerationBegun(number, self.outside.next_wanted, self.has_loaders))

    def spawn(self, generation: int, seat: int) -> None:
        assert self.table.stop_requests == 0, "no worker is started while stopping"
        in_seat = [
            one
            for one in self.processes.values()
            if (one.generation, one.seat) == (generation, seat) and not one.signals and not one.is_retired
        ]
        assert not in_seat, "one worker to a seat"
        assert (generation, seat) not in self.asked
        known = self.table.generation(generation)
        assert known is not None
        assert seat < known.wanted
        crash = self.last_crash.get((generation, seat))
        assert crash is None or self.now >= crash + POLICY.first_delay, "no spawn storm"
        if self.outside.forks_fail:
            self.last_crash[generation, seat] = self.now
            self.note(SpawnFailed(generation, seat, "no memory"))
        elif known.has_loader and seat != LOADER:
            self.asked.append((generation, seat))
            self.note(SpawnAsked(generation, seat))
        else:
            self.note(self.born(generation, seat))

    def born(self, generation: int, seat: int) -> WorkerSpawned:
        pid, self.next_pid = self.next_pid, self.next_pid + 1
        self.processes[pid] = Process(generation, seat, since=self.now)
        return WorkerSpawned(generation, seat, pid, (pid % 10) / 10)

    def send(self, pid: int, number: signal.Signals) -> None:
        process = self.processes[pid]  # a reaped process id may belong to a stranger by now
        assert number not in process.signals, "no signal twice"
        if process.seat == LOADER and number == signal.SIGTERM:
            others = [one for one in self.processes.values() if one.generation == process.generation]
            assert others == [process], "a loader leaves behind its last worker"
        process.signals = (*process.signals, number)
        self.note(SignalSent(pid, number))

    def leave(self, pid: int, status: int, cause: str = "") -> None:
        process = self.processes.pop(pid)
        is_young = process.state == "booting" or (process.seat != LOADER and self.now - process.since < SETTLE)
        if is_young and (not process.signals or process.has_dumped):
            self.last_crash[process.generation, process.seat] = self.now
        if process.state == "serving" and not process.signals:
            self.killed_by_fate += 1
        if process.seat == LOADER:
            self.asked = [one for one in self.asked if one[0] != process.generation]
        self.feed(WorkerExited(pid, status, cause))

    def count_serving(self) -> int:
        """How many answer: who hangs does not, and several of them may be killed at once."""
        return sum(
            one.state == "serving" and not one.signals and not one.is_hung and not one.has_dumped
            for one in self.processes.values()
        )

    def is_running(self) -> bool:
        return self.exit_code is None

    def workers(self, *states: str) -> list[int]:
        return [pid for pid, one in self.processes.items() if one.state in states and one.seat != LOADER]

    # ------------------------------------------------------------------ what may happen

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
    @rule(seconds=st.integers(1, 25))
    def workers_are_measured_every_second(self, seconds: int) -> None:
        for _ in range(seconds):
            if self.exit_code is not None:
                return
            self.now += 1
            for one in self.processes.values():
                one.beat += not one.is_hung and one.state != "booting"
            measures = [
                Measure(pid, one.beat, one.requests, one.memory)
                for pid, one in self.processes.items()
                if one.seat != LOADER
            ]
            self.feed(WorkersMeasured(tuple(measures)))

    @precondition(is_running)
    @rule(data=st.data())
    def a_worker_gets_ready(self, data: st.DataObject) -> None:
        booting = [
            pid
            for pid, one in self.processes.items()
            if one.state == "booting" and one.generation not in self.outside.broken
        ]
        if booting:
            self.gets_ready(data.draw(st.sampled_from(booting)))

    def gets_ready(self, pid: int) -> None:
        process = self.processes[pid]
        process.state, process.since, process.has_dumped = "ready", self.now, False
        self.was_ready |= process.seat != LOADER
        process.memory = process.first_memory = 2000 if self.outside.are_born_large else 10
        self.feed(WorkerReady(pid, process.memory))

    @precondition(is_running)
    @rule(most=st.integers(1, 8))
    def many_get_ready(self, most: int) -> None:
        for _ in range(most):
            booting = [
                pid
                for pid, one in self.processes.items()
                if one.state == "booting" and one.generation not in self.outside.broken
            ]
            if booting:
                self.gets_ready(booting[0])
            elif self.asked:
                self.feed(self.born(*self.asked.pop(0)))

    @precondition(is_running)
    @rule()
    def many_obey(self) -> None:
        for pid in [pid for pid, process in self.processes.items() if process.signals]:
            if self.exit_code is None:
                self.leave(pid, 0)

    @precondition(lambda self: self.exit_code is None and self.asked)
    @rule(fails=st.booleans())
    def a_loader_forks(self, fails: bool) -> None:
        generation, seat = self.asked.pop(0)
        if fails:
            self.last_crash[generation, seat] = self.now
            self.feed(SpawnFailed(generation, seat, "no memory"))
        else:
            self.feed(self.born(generation, seat))

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
    @rule(data=st.data(), how=st.sampled_from(["hung", "busy", "large", "out"]))
    def a_worker_is_not_as_it_should_be(self, data: st.DataObject, how: str) -> None:
        serving = self.workers("serving")
        if not serving:
            return
        if how == "busy":
            for pid in serving:
                self.processes[pid].requests += 60
            return
        pid = data.draw(st.sampled_from(serving))
        process = self.processes[pid]
        match how:
            case "hung":
                process.is_hung = True
            case "large":
                process.memory = 2000
            case "out":
                self.feed(WorkerWantsOut(pid, "a thread is stuck"))

    @precondition(is_running)
    @rule(are_large=st.booleans())
    def the_application_grows(self, are_large: bool) -> None:
        self.outside.are_born_large = are_large

    @precondition(is_running)
    @rule(pid=st.integers(-1, 10_000))
    def a_stranger_dies(self, pid: int) -> None:
        if pid not in self.processes:
            before = self.table
            self.feed(WorkerExited(pid, 1))
            assert self.table == before

    @precondition(is_running)
    @rule(number=st.sampled_from([signal.SIGTTIN, signal.SIGTTOU, signal.SIGWINCH, signal.SIGUSR1]))
    def the_operator_wants_something(self, number: signal.Signals) -> None:
        if number != signal.SIGTTIN or self.table.wanted < 5:
            self.feed(SignalReceived(number))

    @precondition(is_running)
    @rule(wanted=st.integers(0, 4))
    def the_operator_scales(self, wanted: int) -> None:
        self.feed(ScaleAsked(wanted))

    @precondition(is_running)
    @rule(
        is_broken=st.booleans(),
        settings_are_broken=st.sampled_from([False, False, True]),
        wanted=st.none() | st.integers(1, 4),
        is_edit=st.booleans(),
    )
    def the_operator_reloads(
        self, is_broken: bool, settings_are_broken: bool, wanted: int | None, is_edit: bool
    ) -> None:
        self.outside.next_is_broken = is_broken
        self.outside.settings_are_broken = settings_are_broken
        self.outside.next_wanted = wanted
        self.feed(FilesChanged("shop.py") if is_edit else SignalReceived(signal.SIGHUP))

    @precondition(is_running)
    @rule(outcome=st.sampled_from(["begin", "fail", "fail"]))
    def the_operator_upgrades(self, outcome: str) -> None:
        if not self.table.is_upgrading:
            self.feed(SignalReceived(signal.SIGUSR2))
        elif outcome == "fail":
            self.feed(UpgradeFailed("no"))

    @precondition(lambda self: self.exit_code is None and len(self.processes) > 3)
    @rule(number=st.sampled_from([signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, None]))
    def the_operator_stops_it(self, number: signal.Signals | None) -> None:
        self.stops_wished += 1
        if self.stops_wished % 4:
            return  # a history that is over early shows little
        if number is not None:
            self.feed(SignalReceived(number))
        elif self.table.is_upgrading:
            self.feed(UpgradeReady())

    @rule()
    def nothing_happens(self) -> None:
        """Also after the end."""

    @precondition(is_running)
    @rule(fail=st.booleans())
    def memory_runs_out(self, fail: bool) -> None:
        self.outside.forks_fail = fail

    # ------------------------------------------------------------------ what always holds

    @invariant()
    def the_table_tells_the_truth(self) -> None:
        live = {one.pid: one.state.value for one in self.table.workers}
        assert live == {pid: process.state for pid, process in self.processes.items()}
        states = {one.pid: one.state for one in self.table.workers if one.is_loader}
        assert State.SERVING not in states.values()

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
            assert all(one.signals for one in self.processes.values() if one.seat != LOADER)

    @invariant()
    def there_are_never_too_many(self) -> None:
        busy = [one for one in self.processes.values() if not one.signals and one.seat != LOADER]
        generations = self.table.generations
        assert len(busy) <= sum(one.wanted for one in generations) + 1, "one is being replaced"

    # ------------------------------------------------------------------ where it gets to

    def teardown(self) -> None:
        self.settle()
        self.stop()

    def settle(self) -> None:
        """If workers boot from now on, there will soon be as many as are wanted, and the best generation serves."""
        self.outside.forks_fail = False
        self.outside.next_is_broken = self.outside.settings_are_broken = self.outside.are_born_large = False
        for one in self.processes.values():
            one.is_hung, one.requests, one.memory = False, 0, 0
        for _ in range(400):
            if self.exit_code is not None or self.table.stop_requests:
                return
            if self.table.is_paused:
                self.feed(SignalReceived(signal.SIGTTIN))
            told = [pid for pid, process in self.processes.items() if process.signals]
            booting = [pid for pid, one in self.processes.items() if one.state == "booting" and not one.signals]
            broken = [pid for pid in booting if self.processes[pid].generation in self.outside.broken]
            if told:
                self.leave(told[0], 0)
            elif self.asked:
                self.feed(self.born(*self.asked.pop(0)))
            elif broken:
                self.leave(broken[0], 3, "broken")
            elif booting:
                self.gets_ready(booting[0])
            elif not self.is_settled():
                self.time_passes_to_the_deadline()
            else:
                break
        assert self.is_settled()

    def is_settled(self) -> bool:
        serving = [pid for pid in self.workers("serving") if self.processes[pid].generation == self.current]
        return len(serving) == len(self.workers("booting", "ready", "serving")) == self.table.wanted

    def stop(self) -> None:
        """Stubborn workers or not: it ends, and in bounded time."""
        if self.exit_code is None and not self.table.stop_requests:
            self.feed(SignalReceived(signal.SIGTERM))
        end = self.now + 2 * (POLICY.graceful_timeout + POLICY.quick_timeout)
        for _ in range(400):
            if self.exit_code is not None:
                break
            killed = [pid for pid, process in self.processes.items() if signal.SIGKILL in process.signals]
            if killed:
                self.leave(killed[0], -signal.SIGKILL)
            elif self.asked:
                self.feed(self.born(*self.asked.pop(0)))
            else:
                self.time_passes_to_the_deadline()
        assert self.exit_code is not None
        assert self.now <= end


# A history takes tens of milliseconds, so a wide search has a budget: its thousands would not end before pytest's time limit.
IS_WIDE = settings.default.max_examples > 1000
Supervision.TestCase.settings = settings(
    max_examples=500 if IS_WIDE else 50, stateful_step_count=50 if IS_WIDE else 40, deadline=None
)


@pytest.mark.timeout(900 if IS_WIDE else 120)
class TestSupervision(Supervision.TestCase):
    pass
