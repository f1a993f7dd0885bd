"""The supervisor's decisions, case by case. The laws over all histories are in test_policy_machine.py."""

import logging
import signal

from demijohn.manage.supervisor.events import (
    Action,
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
from demijohn.manage.supervisor.table import WorkerTable

POLICY = SupervisorPolicy(graceful_timeout=30, quick_timeout=3, first_delay=0.1, longest_delay=30, boot_attempts=3)


def play(table: WorkerTable, *events: Event, now: float) -> tuple[WorkerTable, list[Action]]:
    """Record and decide one event after the other; the actions of the last one, without logs."""
    actions: list[Action] = []
    for event in events:
        table = table.record(event, now)
        actions = POLICY.decide(table, event, now)
    return table, [action for action in actions if not isinstance(action, Log)]


def running(count: int, now: float = 0.0) -> WorkerTable:
    """A table of `count` ready workers with the pids 100, 101, ..."""
    table = WorkerTable.empty(count)
    for number in range(count):
        table, _ = play(table, WorkerSpawned(number, 100 + number), WorkerReady(100 + number), now=now)
    return table


def test_the_first_tick_spawns_every_worker_wanted():
    _, actions = play(WorkerTable.empty(3), Tick(), now=0)
    assert actions == [Spawn(0), Spawn(1), Spawn(2)]


def test_nothing_to_do_while_all_are_there():
    table, actions = play(running(2), Tick(), now=1)
    assert actions == []
    assert POLICY.wake_time(table) is None


def test_a_worker_that_dies_after_a_long_life_is_replaced_at_once():
    table, actions = play(running(2), WorkerExited(100, -signal.SIGKILL), now=1000)
    assert actions == [Spawn(0)]


def test_a_worker_that_dies_soon_is_replaced_after_a_growing_delay():
    table = running(1)
    waits = []
    now = 0.0
    for pid in range(100, 112):
        table, actions = play(table, WorkerExited(pid, 1), now=now)
        assert actions == []
        due = POLICY.wake_time(table)
        assert due is not None
        waits.append(round(due - now, 6))
        now = due
        table, actions = play(table, Tick(), now=now)
        assert actions == [Spawn(0)]
        table, _ = play(table, WorkerSpawned(0, pid + 1), WorkerReady(pid + 1), now=now)
    assert waits[:4] == [0.1, 0.2, 0.4, 0.8]
    assert waits[-1] == 30
    assert waits == sorted(waits)


def test_one_long_life_resets_the_delay():
    table, _ = play(running(1), WorkerExited(100, 1), now=1)
    table, _ = play(table, WorkerSpawned(0, 101), WorkerReady(101), now=2)
    _, actions = play(table, WorkerExited(101, 1), now=100)
    assert actions == [Spawn(0)]


def test_a_slow_boot_that_fails_is_an_early_death_however_long_it_took():
    table, _ = play(running(1), WorkerExited(100, 1), now=100)
    table, _ = play(table, WorkerSpawned(0, 101), now=100)
    _, actions = play(table, WorkerExited(101, 1), now=500)
    assert actions == []


def test_failed_boots_are_retried_and_then_given_up_with_the_cause():
    table = WorkerTable.empty(1)
    now = 0.0
    for pid in (7, 8, 9):
        table, actions = play(table, Tick(), now=now)
        assert actions == [Spawn(0)]
        table, actions = play(table, WorkerSpawned(0, pid), WorkerExited(pid, 3, "ImportError: no such thing"), now=now)
        now = POLICY.wake_time(table) or now
    assert actions == [Exit(EXIT_BOOT_FAILED)]
    logs = [action for action in POLICY.decide(table, Tick(), now) if isinstance(action, Log)]
    assert logs[0].level == logging.CRITICAL
    assert "ImportError: no such thing" in logs[0].message


def test_giving_up_waits_for_the_workers_that_are_still_booting():
    table = WorkerTable.empty(2)
    table, _ = play(table, WorkerSpawned(1, 50), now=0)
    for pid in (7, 8, 9):
        table, actions = play(table, WorkerSpawned(0, pid), WorkerExited(pid, 3), now=10)
    assert actions == []
    assert play(table, Tick(), now=1000)[1] == [], "one more try in this slot would tell nothing new"
    assert POLICY.wake_time(table) is None
    table, actions = play(table, WorkerReady(50), now=11)
    assert actions == [Spawn(0)], "the application can boot after all"


def test_a_fork_that_fails_counts_as_a_failed_boot():
    table = WorkerTable.empty(1)
    table, actions = play(table, SpawnFailed(0, "Cannot allocate memory"), now=0)
    assert actions == []
    table, actions = play(table, SpawnFailed(0, "Cannot allocate memory"), SpawnFailed(0, "again"), now=1)
    assert actions == [Exit(EXIT_BOOT_FAILED)]


def test_once_a_worker_was_ready_the_supervisor_never_gives_up():
    table = running(1)
    for pid in range(100, 120):
        table, actions = play(table, WorkerExited(pid, 3), WorkerSpawned(0, pid + 1), now=1)
        assert Exit(EXIT_BOOT_FAILED) not in actions


def test_the_first_stop_signal_asks_politely_and_closes_the_port():
    for number in (signal.SIGTERM, signal.SIGINT):
        _, actions = play(running(2), SignalReceived(number), now=5)
        assert actions == [StopListening(), SendSignal(100, signal.SIGTERM), SendSignal(101, signal.SIGTERM)]


def test_workers_that_were_asked_are_not_asked_again_but_killed_at_the_deadline():
    table, _ = play(running(1), SignalReceived(signal.SIGTERM), SignalSent(100, signal.SIGTERM), now=5)
    assert play(table, Tick(), now=34.9)[1] == []
    assert POLICY.wake_time(table) == 35
    table, actions = play(table, Tick(), now=35)
    assert actions == [SendSignal(100, signal.SIGKILL)]
    table, actions = play(table, SignalSent(100, signal.SIGKILL), Tick(), now=35)
    assert actions == []
    assert POLICY.wake_time(table) is None


def test_a_second_stop_signal_is_quick():
    table, _ = play(running(1), SignalReceived(signal.SIGINT), SignalSent(100, signal.SIGTERM), now=5)
    table, actions = play(table, SignalReceived(signal.SIGINT), now=6)
    assert SendSignal(100, signal.SIGQUIT) in actions
    table, actions = play(table, SignalSent(100, signal.SIGQUIT), Tick(), now=6)
    assert actions == []
    assert play(table, Tick(), now=9)[1] == [SendSignal(100, signal.SIGKILL)]


def test_quit_is_quick_from_the_start():
    _, actions = play(running(1), SignalReceived(signal.SIGQUIT), now=5)
    assert actions == [StopListening(), SendSignal(100, signal.SIGQUIT)]


def test_the_supervisor_leaves_with_its_last_worker():
    table, _ = play(running(2), SignalReceived(signal.SIGTERM), now=5)
    table, actions = play(table, WorkerExited(100, 0), now=6)
    assert actions == [SendSignal(101, signal.SIGTERM)]
    _, actions = play(table, WorkerExited(101, 0), now=7)
    assert actions == [Exit(0)]


def test_a_worker_that_dies_while_stopping_is_not_replaced():
    table, _ = play(running(2), SignalReceived(signal.SIGTERM), SignalSent(100, signal.SIGTERM), now=5)
    _, actions = play(table, SignalSent(101, signal.SIGTERM), WorkerExited(100, -signal.SIGSEGV), now=100_000)
    assert Spawn(0) not in actions


def test_stopping_before_anything_was_spawned_leaves_at_once():
    _, actions = play(WorkerTable.empty(2), SignalReceived(signal.SIGTERM), now=0)
    assert actions == [StopListening(), Exit(0)]


def test_ttin_and_ttou_change_the_number_of_workers():
    table, actions = play(running(1), SignalReceived(signal.SIGTTIN), now=5)
    assert actions == [Spawn(1)]
    table, _ = play(table, WorkerSpawned(1, 101), WorkerReady(101), now=5)
    table, actions = play(table, SignalReceived(signal.SIGTTOU), now=6)
    assert actions == [SendSignal(101, signal.SIGTERM)]
    table, actions = play(table, SignalSent(101, signal.SIGTERM), WorkerExited(101, 0), now=7)
    assert actions == []
    assert len(table.live) == 1
    table, actions = play(table, SignalReceived(signal.SIGTTOU), now=8)
    assert (table.wanted, actions) == (1, []), "the last worker stays"


def test_a_worker_that_was_let_go_and_is_wanted_again_is_replaced_once_it_has_left():
    table, _ = play(running(2), SignalReceived(signal.SIGTTOU), SignalSent(101, signal.SIGTERM), now=1)
    table, actions = play(table, SignalReceived(signal.SIGTTIN), now=2)
    assert actions == []
    _, actions = play(table, WorkerExited(101, 0), now=2)
    assert actions == [Spawn(1)], "it was asked to leave, so leaving soon is no early death"


def test_processes_that_are_not_ours_change_nothing():
    table = running(1)
    for event in (WorkerExited(4711, 1), WorkerReady(4711), SignalSent(4711, signal.SIGKILL)):
        assert table.record(event, 9) == table


def test_what_is_said_names_the_process_and_how_it_ended():
    table = running(1).record(WorkerExited(100, -signal.SIGKILL), 50)
    (log,) = [
        action for action in POLICY.decide(table, WorkerExited(100, -signal.SIGKILL), 50) if isinstance(action, Log)
    ]
    assert log == Log(logging.ERROR, "Worker 100 was killed by SIGKILL.")
    odd = POLICY.decide(table, WorkerExited(100, -99), 50)
    assert Log(logging.ERROR, "Worker 100 was killed by signal 99.") in odd
