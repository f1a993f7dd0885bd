"""The supervisor's decisions, case by case. The laws over all histories are in test_policy_machine.py."""

import logging
import signal

import pytest

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
from demijohn.manage.supervisor.table import WorkerTable

POLICY = SupervisorPolicy(
    graceful_timeout=30,
    quick_timeout=3,
    first_delay=0.1,
    longest_delay=30,
    boot_attempts=3,
    worker_timeout=None,
    boot_timeout=None,
)


def play(
    table: WorkerTable, *events: Event, now: float, policy: SupervisorPolicy = POLICY
) -> tuple[WorkerTable, list[Action]]:
    """Record and decide one event after the other; the actions of the last one, without logs."""
    actions: list[Action] = []
    for event in events:
        table = table.record(event, now)
        actions = policy.decide(table, event, now)
    return table, [action for action in actions if not isinstance(action, Log)]


def serving(seat: int, pid: int, generation: int = 1) -> tuple[Event, ...]:
    """The events that a worker serves after."""
    return WorkerSpawned(generation, seat, pid), WorkerReady(pid), Opened(pid)


def running(count: int, now: float = 0.0) -> WorkerTable:
    """A table of `count` ready workers with the pids 100, 101, ..."""
    table = WorkerTable.empty(count)
    for number in range(count):
        table, _ = play(table, *serving(number, 100 + number), now=now)
    return table


def test_the_first_tick_spawns_every_worker_wanted():
    _, actions = play(WorkerTable.empty(3), Tick(), now=0)
    assert actions == [Spawn(1, 0), Spawn(1, 1), Spawn(1, 2)]


def test_nothing_to_do_while_all_are_there():
    table, actions = play(running(2), Tick(), now=1)
    assert actions == []
    assert POLICY.wake_time(table) is None


def test_a_worker_that_dies_after_a_long_life_is_replaced_at_once():
    table, actions = play(running(2), WorkerExited(100, -signal.SIGKILL), now=1000)
    assert actions == [Spawn(1, 0)]


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
        assert actions == [Spawn(1, 0)]
        table, _ = play(table, *serving(0, pid + 1), now=now)
    assert waits[:4] == [0.1, 0.2, 0.4, 0.8]
    assert waits[-1] == 30
    assert waits == sorted(waits)


def test_one_long_life_resets_the_delay():
    table, _ = play(running(1), WorkerExited(100, 1), now=1)
    table, _ = play(table, *serving(0, 101), now=2)
    _, actions = play(table, WorkerExited(101, 1), now=100)
    assert actions == [Spawn(1, 0)]


def test_a_slow_boot_that_fails_is_an_early_death_however_long_it_took():
    table, _ = play(running(1), WorkerExited(100, 1), now=100)
    table, _ = play(table, WorkerSpawned(1, 0, 101), now=100)
    _, actions = play(table, WorkerExited(101, 1), now=500)
    assert actions == []


def test_failed_boots_are_retried_and_then_given_up_with_the_cause():
    table = WorkerTable.empty(1)
    now = 0.0
    for pid in (7, 8, 9):
        table, actions = play(table, Tick(), now=now)
        assert actions == [Spawn(1, 0)]
        table, actions = play(
            table, WorkerSpawned(1, 0, pid), WorkerExited(pid, 3, "ImportError: no such thing"), now=now
        )
        now = POLICY.wake_time(table) or now
    assert actions == [Exit(EXIT_BOOT_FAILED)]
    logs = [action for action in POLICY.decide(table, Tick(), now) if isinstance(action, Log)]
    assert logs[0].level == logging.CRITICAL
    assert "ImportError: no such thing" in logs[0].message


def test_giving_up_waits_for_the_workers_that_are_still_booting():
    table = WorkerTable.empty(2)
    table, _ = play(table, WorkerSpawned(1, 1, 50), now=0)
    for pid in (7, 8, 9):
        table, actions = play(table, WorkerSpawned(1, 0, pid), WorkerExited(pid, 3), now=10)
    assert actions == []
    assert play(table, Tick(), now=1000)[1] == [], "one more try in this slot would tell nothing new"
    assert POLICY.wake_time(table) is None
    table, actions = play(table, WorkerReady(50), now=11)
    assert actions == [Spawn(1, 0), Open(50)], "the application can boot after all"


def test_a_fork_that_fails_counts_as_a_failed_boot():
    table = WorkerTable.empty(1)
    table, actions = play(table, SpawnFailed(1, 0, "Cannot allocate memory"), now=0)
    assert actions == []
    table, actions = play(table, SpawnFailed(1, 0, "Cannot allocate memory"), SpawnFailed(1, 0, "again"), now=1)
    assert actions == [Exit(EXIT_BOOT_FAILED)]


def test_once_a_worker_was_ready_the_supervisor_never_gives_up():
    table = running(1)
    for pid in range(100, 120):
        table, actions = play(table, WorkerExited(pid, 3), WorkerSpawned(1, 0, pid + 1), now=1)
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
    assert Spawn(1, 0) not in actions


def test_stopping_before_anything_was_spawned_leaves_at_once():
    _, actions = play(WorkerTable.empty(2), SignalReceived(signal.SIGTERM), now=0)
    assert actions == [StopListening(), Exit(0)]


def test_ttin_and_ttou_change_the_number_of_workers():
    table, actions = play(running(1), SignalReceived(signal.SIGTTIN), now=5)
    assert actions == [Spawn(1, 1)]
    table, _ = play(table, *serving(1, 101), now=5)
    table, actions = play(table, SignalReceived(signal.SIGTTOU), now=6)
    assert actions == [SendSignal(101, signal.SIGTERM)]
    table, actions = play(table, SignalSent(101, signal.SIGTERM), WorkerExited(101, 0), now=7)
    assert actions == []
    assert len(table.workers) == 1
    table, actions = play(table, SignalReceived(signal.SIGTTOU), now=8)
    assert (table.wanted, actions) == (1, []), "the last worker stays"


def test_a_worker_that_was_let_go_and_is_wanted_again_is_replaced_at_once():
    table, _ = play(running(2), SignalReceived(signal.SIGTTOU), SignalSent(101, signal.SIGTERM), now=1)
    gone, _ = play(table, WorkerExited(101, 0), now=1)
    for before in (table, gone):
        _, actions = play(before, SignalReceived(signal.SIGTTIN), now=2)
        assert actions == [Spawn(1, 1)], "it was asked to leave, so leaving soon is no early death"


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


# ---------------------------------------------------------------------- generations


def reloading(count: int = 2, *, has_loader: bool = False) -> WorkerTable:
    """A table of `count` workers that serve, and a second generation that has begun."""
    table, actions = play(running(count), SignalReceived(signal.SIGHUP), now=5)
    assert actions == [BeginGeneration(2)]
    table, actions = play(table, GenerationBegun(2, count, has_loader), Tick(), now=5)
    assert actions == ([Spawn(2, LOADER)] if has_loader else [Spawn(2, seat) for seat in range(count)])
    return table


def test_a_generation_takes_over_when_all_of_it_is_ready_and_the_old_one_goes_then():
    table = reloading(2)
    table, actions = play(table, WorkerSpawned(2, 0, 200), WorkerSpawned(2, 1, 201), WorkerReady(200), now=6)
    assert actions == [], "it takes no traffic: its generation may still fail"
    table, actions = play(table, WorkerReady(201), now=7)
    assert actions == [Promote(2)]
    table, actions = play(table, GenerationPromoted(2), Tick(), now=7)
    assert actions == [Open(200), Open(201)]
    table, actions = play(table, Opened(200), Opened(201), Tick(), now=7)
    assert actions == [SendSignal(100, signal.SIGTERM), SendSignal(101, signal.SIGTERM)]
    table, actions = play(
        table, SignalSent(100, signal.SIGTERM), SignalSent(101, signal.SIGTERM), WorkerExited(100, 0), now=8
    )
    assert actions == []
    table, actions = play(table, WorkerExited(101, 0), now=8)
    assert (actions, {one.pid for one in table.workers}) == ([], {200, 201})


def test_a_generation_that_cannot_boot_is_given_up_and_the_old_one_goes_on():
    table = reloading(2)
    table, actions = play(table, WorkerSpawned(2, 1, 201), WorkerReady(201), now=6)
    now = 6.0
    for pid in (300, 301, 302):
        table, _ = play(table, WorkerSpawned(2, 0, pid), now=now)
        table, actions = play(table, WorkerExited(pid, 3, "SyntaxError: oh"), now=now)
        now = POLICY.wake_time(table) or now
    assert [type(action) for action in actions] == [GiveUp]
    assert isinstance(actions[0], GiveUp)
    assert "SyntaxError: oh" in actions[0].cause
    table, actions = play(table, GenerationGivenUp(2, actions[0].cause), Tick(), now=now)
    assert actions == [SendSignal(201, signal.SIGTERM)], "it never served"
    assert "SyntaxError" in table.last_failure
    assert table.current.number == 1
    table, actions = play(table, SignalSent(201, signal.SIGTERM), SignalReceived(signal.SIGHUP), now=now)
    assert actions == [BeginGeneration(3)]


def test_settings_that_cannot_be_read_end_a_reload():
    table, _ = play(running(1), SignalReceived(signal.SIGHUP), now=5)
    table, actions = play(table, GenerationGivenUp(2, "workers is 'x'"), Tick(), now=5)
    assert (actions, table.last_failure) == ([], "workers is 'x'")


def test_a_second_reload_waits_for_the_first():
    table, actions = play(
        reloading(1), SignalReceived(signal.SIGHUP), WorkerSpawned(2, 0, 200), WorkerReady(200), now=6
    )
    assert actions == [Promote(2)]
    table, actions = play(table, GenerationPromoted(2), Tick(), now=6)
    assert actions == [BeginGeneration(3)]
    table, actions = play(table, GenerationGivenUp(3, "no settings"), Tick(), now=6)
    assert actions == [Open(200)]


def test_a_reload_waits_while_many_are_still_leaving():
    table = running(1)
    for pid in range(300, 303):
        table, _ = play(table, WorkerSpawned(1, 0, pid), SignalSent(pid, signal.SIGTERM), now=6)
    table, actions = play(table, SignalReceived(signal.SIGHUP), now=7)
    assert actions == []
    table, actions = play(table, WorkerExited(300, 0), now=8)
    assert actions == [BeginGeneration(2)]


def test_a_reload_may_change_the_number_of_workers():
    table, _ = play(running(2), SignalReceived(signal.SIGHUP), GenerationBegun(2, 1, has_loader=False), now=5)
    table, _ = play(table, WorkerSpawned(2, 0, 200), WorkerReady(200), GenerationPromoted(2), Opened(200), now=6)
    _, actions = play(table, Tick(), now=6)
    assert table.wanted == 1
    assert actions == [SendSignal(100, signal.SIGTERM), SendSignal(101, signal.SIGTERM)]


def test_workers_are_asked_of_a_loader_that_is_ready_and_it_leaves_behind_the_last():
    table = reloading(1, has_loader=True)
    table, actions = play(table, WorkerSpawned(2, LOADER, 50), Tick(), now=6)
    assert actions == []
    table, actions = play(table, WorkerReady(50), now=7)
    assert actions == [Spawn(2, 0)]
    table, actions = play(table, SpawnAsked(2, 0), Tick(), now=7)
    assert actions == []
    table, _ = play(table, WorkerSpawned(2, 0, 200), WorkerReady(200), GenerationPromoted(2), Opened(200), now=8)
    table, actions = play(table, SignalSent(100, signal.SIGTERM), WorkerExited(100, 0), now=8)
    assert actions == []
    table, actions = play(table, SignalReceived(signal.SIGTERM), now=9)
    assert actions == [StopListening(), SendSignal(200, signal.SIGTERM)]
    table, actions = play(table, SignalSent(200, signal.SIGTERM), WorkerExited(200, 0), now=9)
    assert actions == [SendSignal(50, signal.SIGTERM)]
    table, actions = play(table, SignalSent(50, signal.SIGTERM), WorkerExited(50, 0), now=9)
    assert actions == [Exit(0)]


def test_a_loader_that_dies_is_replaced_and_what_it_was_asked_for_is_asked_again():
    table = WorkerTable.empty(1, has_loader=True)
    table, _ = play(table, WorkerSpawned(1, LOADER, 50), WorkerReady(50), SpawnAsked(1, 0), now=0)
    table, actions = play(table, WorkerExited(50, -9), now=100)
    assert actions == [Spawn(1, LOADER)]
    table, actions = play(table, WorkerSpawned(1, LOADER, 51), WorkerReady(51), now=100)
    assert actions == [Spawn(1, 0)]


def test_a_loader_that_cannot_load_is_given_up():
    table = WorkerTable.empty(2, has_loader=True)
    now = 0.0
    for pid in (7, 8, 9):
        table, actions = play(table, Tick(), now=now)
        assert actions == [Spawn(1, LOADER)]
        table, actions = play(table, WorkerSpawned(1, LOADER, pid), WorkerExited(pid, 3, "ImportError: x"), now=now)
        now = POLICY.wake_time(table) or now
    assert actions == [Exit(EXIT_BOOT_FAILED)]


def test_an_application_that_is_not_there_is_not_looked_for_again():
    table, actions = play(WorkerTable.empty(1), WorkerSpawned(1, 0, 7), WorkerExited(7, 2, "no such module"), now=0)
    assert actions == [Exit(2)]


def test_no_loader_is_left_behind_when_nothing_boots():
    table, _ = play(WorkerTable.empty(1, has_loader=True), WorkerSpawned(1, LOADER, 5), WorkerReady(5), now=0)
    for pid in (7, 8, 9):
        table, actions = play(table, WorkerSpawned(1, 0, pid), WorkerExited(pid, 3), now=10)
    assert actions == [SendSignal(5, signal.SIGTERM)]
    _, actions = play(table, SignalSent(5, signal.SIGTERM), WorkerExited(5, 0), now=11)
    assert actions == [Exit(EXIT_BOOT_FAILED)]


# ---------------------------------------------------------------------- renewal


def test_a_worker_that_has_done_enough_is_replaced_first_and_told_then():
    policy = SupervisorPolicy(max_requests=100, max_requests_jitter=10, worker_timeout=None)
    table, _ = play(running(2), now=1)
    table, _ = play(table, WorkerSpawned(1, 1, 102, 0.5), now=1)
    busy = WorkersMeasured((Measure(100, 1, 100), Measure(101, 1, 200)))
    table, actions = play(table, busy, now=10, policy=policy)
    assert actions == [Retire(100, "it has taken 100 requests")]
    table, actions = play(table, Retired(100, "..."), Tick(), now=10, policy=policy)
    assert actions == [Spawn(1, 0)], "one at a time"
    table, actions = play(table, WorkerSpawned(1, 0, 110), WorkerReady(110), now=11, policy=policy)
    assert actions == [Open(110)]
    table, actions = play(table, Opened(110), Tick(), now=11, policy=policy)
    assert actions == [SendSignal(100, signal.SIGTERM)]
    table, actions = play(table, SignalSent(100, signal.SIGTERM), Tick(), now=11, policy=policy)
    assert actions == [], "until it has gone"
    table, actions = play(table, WorkerExited(100, 0), now=12, policy=policy)
    assert actions == [Retire(101, "it has taken 200 requests")]


def test_the_limit_of_requests_is_not_the_same_for_all():
    policy = SupervisorPolicy(max_requests=100, max_requests_jitter=10, worker_timeout=None)
    table, _ = play(WorkerTable.empty(1), WorkerSpawned(1, 0, 7, 0.5), WorkerReady(7), Opened(7), now=0)
    assert play(table, WorkersMeasured((Measure(7, 1, 104),)), now=1, policy=policy)[1] == []
    assert play(table, WorkersMeasured((Measure(7, 1, 105),)), now=1, policy=policy)[1] != []


def test_a_replacement_that_cannot_boot_leaves_the_old_one_in_its_place():
    table, _ = play(running(1), WorkerWantsOut(100, "a thread is stuck"), now=10)
    table, actions = play(table, Retired(100, "a thread is stuck"), Tick(), now=10)
    assert actions == [Spawn(1, 0)]
    for pid in (7, 8, 9, 10):
        table, actions = play(table, WorkerSpawned(1, 0, pid), WorkerExited(pid, 3, "x"), now=10)
        assert actions == [], "it waits a little longer each time"
    assert {one.pid for one in table.workers} == {100}


def test_a_retired_worker_that_dies_is_no_reason_to_hurry_with_one_that_cannot_boot():
    table, _ = play(running(1), WorkerWantsOut(100, "a thread is stuck"), Retired(100, "a thread is stuck"), now=100)
    table, _ = play(table, SpawnFailed(1, 0, "no memory"), SpawnFailed(1, 0, "no memory"), now=100)
    table, actions = play(table, WorkerExited(100, 0), now=100)
    assert actions == []
    assert POLICY.wake_time(table) == 100.2


def test_age_and_memory_are_reasons_too():
    policy = SupervisorPolicy(max_age=100, max_memory=1 << 20, worker_timeout=None)
    table = running(1)
    assert policy.wake_time(table) == 100
    assert play(table, Tick(), now=100, policy=policy)[1] == [Retire(100, "it has served for 100 s")]
    grown = WorkersMeasured((Measure(100, 1, 0, 2 << 20),))
    assert play(table, grown, now=5, policy=policy)[1] == [Retire(100, "it takes 2 MiB of memory")]
    _, actions = play(table, grown, WorkersMeasured((Measure(100, 2, 0),)), now=5, policy=policy)
    assert actions, "it is measured now and then"


def test_nobody_is_renewed_while_all_are_being_replaced():
    table, actions = play(reloading(1), WorkerWantsOut(100, "a thread is stuck"), now=6)
    assert not any(isinstance(action, Retire) for action in actions)


# ---------------------------------------------------------------------- workers that do not get on

PATIENT = SupervisorPolicy(worker_timeout=30, boot_timeout=60)


def beat(number: int) -> WorkersMeasured:
    return WorkersMeasured((Measure(100, number),))


def test_a_worker_whose_heart_stands_still_says_where_it_is_and_is_killed():
    table, _ = play(running(1), beat(1), now=1)
    for now in range(2, 31):
        table, actions = play(table, beat(1), now=now, policy=PATIENT)
        assert actions == []
    table, actions = play(table, beat(1), now=31, policy=PATIENT)
    assert actions == [DumpStacks(100)]
    table, actions = play(table, StacksAsked(100), Tick(), now=31, policy=PATIENT)
    assert actions == []
    assert PATIENT.wake_time(table) == 32
    table, actions = play(table, Tick(), now=32, policy=PATIENT)
    assert actions == [SendSignal(100, signal.SIGKILL)]
    _, actions = play(table, SignalSent(100, signal.SIGKILL), Tick(), now=32, policy=PATIENT)
    assert actions == [Spawn(1, 0)]


def test_a_busy_worker_is_not_hung_and_a_supervisor_that_slept_accuses_nobody():
    table = running(1)
    for now in range(1, 100):
        table, actions = play(table, beat(now // 20), now=now, policy=PATIENT)
        assert actions == []
    _, actions = play(table, beat(99 // 20), now=1000, policy=PATIENT)
    assert actions == []


def test_a_slow_boot_is_not_hung_but_has_its_own_limit():
    table, _ = play(WorkerTable.empty(1), WorkerSpawned(1, 0, 7), now=0)
    assert play(table, Tick(), now=59, policy=PATIENT)[1] == []
    table, actions = play(table, Tick(), now=60, policy=PATIENT)
    assert actions == [DumpStacks(7)]
    table, _ = play(table, StacksAsked(7), SignalSent(7, signal.SIGKILL), WorkerExited(7, -9), now=61)
    assert table.current.seats[0].early_deaths == 1, "that was a failed boot"


def test_a_boot_that_ends_while_it_is_asked_where_it_is_has_succeeded():
    table, _ = play(WorkerTable.empty(1), WorkerSpawned(1, 0, 7), now=0)
    table, _ = play(table, StacksAsked(7), now=60, policy=PATIENT)
    table, actions = play(table, WorkerReady(7), now=60.5, policy=PATIENT)
    assert actions == [Open(7)]
    table, _ = play(table, Opened(7), now=60.5, policy=PATIENT)
    assert play(table, Tick(), now=70, policy=PATIENT)[1] == [], "it is not killed for what is over"


# ---------------------------------------------------------------------- signals


def test_usr1_opens_the_logs_anew():
    assert play(running(1), SignalReceived(signal.SIGUSR1), now=1)[1] == [ReopenLogs()]


def test_winch_stops_the_workers_and_hup_starts_them_again():
    table, actions = play(running(1), SignalReceived(signal.SIGWINCH), now=1)
    assert actions == [SendSignal(100, signal.SIGTERM)]
    table, actions = play(table, SignalSent(100, signal.SIGTERM), WorkerExited(100, 0), now=2)
    assert actions == []
    assert play(table, SignalReceived(signal.SIGTTIN), now=3)[1] == [Spawn(1, 0), Spawn(1, 1)]
    _, actions = play(table, SignalReceived(signal.SIGHUP), now=3)
    assert actions == [BeginGeneration(2)]
    _, actions = play(table, SignalReceived(signal.SIGHUP), GenerationGivenUp(2, "no settings"), Tick(), now=3)
    assert actions == [Spawn(1, 0)]


def test_scale():
    table, actions = play(running(1), ScaleAsked(3), now=1)
    assert actions == [Spawn(1, 1), Spawn(1, 2)]
    assert play(table, ScaleAsked(0), now=1)[0].wanted == 1


def test_an_upgrade_that_succeeds_ends_this_supervisor_and_one_that_fails_does_not():
    table, actions = play(running(1), SignalReceived(signal.SIGUSR2), now=1)
    assert actions == [Upgrade()]
    table, actions = play(table, UpgradeBegun(77), SignalReceived(signal.SIGUSR2), now=1)
    assert actions == [], "one at a time"
    failed, actions = play(table, UpgradeFailed("no"), now=2)
    assert actions == []
    assert play(failed, SignalReceived(signal.SIGUSR2), now=3)[1] == [Upgrade()]
    table, actions = play(table, UpgradeReady(), now=2)
    assert actions == [StopListening(), SendSignal(100, signal.SIGTERM)]
    _, actions = play(table, SignalSent(100, signal.SIGTERM), WorkerExited(100, 0), now=3)
    assert actions == [Exit(0)]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTTIN, signal.SIGWINCH, signal.SIGUSR2])
def test_who_stops_begins_nothing(number):
    table, _ = play(running(1), SignalReceived(signal.SIGTERM), SignalSent(100, signal.SIGTERM), now=1)
    _, actions = play(table, SignalReceived(number), now=2)
    assert actions in ([], [StopListening()])


def test_a_worker_that_is_too_large_from_the_start_is_replaced_less_and_less_often():
    policy = SupervisorPolicy(max_memory=10 << 20, worker_timeout=None, first_delay=0.1)
    table, waits, now, warnings = WorkerTable.empty(1), [], 0.0, []
    for pid in range(100, 120):
        table, _ = play(
            table, WorkerSpawned(1, 0, pid), WorkerReady(pid, 45 << 20), Opened(pid), now=now, policy=policy
        )
        if pid > 100:
            table, actions = play(table, Tick(), now=now, policy=policy)
            assert actions == [SendSignal(pid - 1, signal.SIGTERM)]
            table, _ = play(
                table, SignalSent(pid - 1, signal.SIGTERM), WorkerExited(pid - 1, 0), now=now, policy=policy
            )
        due = policy.wake_time(table)
        assert due is not None
        waits.append(due - now)
        assert play(table, Tick(), now=due - 0.01, policy=policy)[1] == []
        now = due
        warnings += [one.message for one in policy.decide(table, Tick(), now) if isinstance(one, Log)]
        table, actions = play(table, Tick(), now=now, policy=policy)
        assert actions == [Retire(pid, "it takes 45 MiB of memory", is_vain=True)]
        table, _ = play(table, Retired(pid, "it takes 45 MiB of memory", is_vain=True), now=now, policy=policy)
    assert waits[:4] == pytest.approx([0.1, 0.2, 0.4, 0.8])
    assert waits[-1] == pytest.approx(600)
    assert len(warnings) == 20
    assert warnings[0].startswith("max_memory is 10 MiB, but worker 100 took 45 MiB when it had just booted")
    assert "replaced after 0.2 s" in warnings[0]


def test_a_worker_that_has_grown_is_replaced_at_once_and_without_a_warning():
    policy = SupervisorPolicy(max_memory=10 << 20, worker_timeout=None)
    table, _ = play(
        WorkerTable.empty(1), WorkerSpawned(1, 0, 7), WorkerReady(7, 9 << 20), Opened(7), now=0, policy=policy
    )
    table = table.record(WorkersMeasured((Measure(7, 1, 5, 11 << 20),)), 1)
    assert policy.decide(table, Tick(), 1) == [Retire(7, "it takes 11 MiB of memory")]


def said(table: WorkerTable, event: Event) -> list[str]:
    """What an event that is recorded already makes the policy say."""
    return [action.message for action in POLICY.decide(table, event, 0) if isinstance(action, Log)]


def test_a_change_of_files_is_a_reload_and_is_said():
    event = FilesChanged("shop.py")
    table, actions = play(running(2), event, now=5)
    assert actions == [BeginGeneration(2)]
    assert said(table, event) == ["Reloading because shop.py changed."]


def test_a_change_during_a_reload_makes_another_one_after_it():
    event = FilesChanged("shop.py")
    table, _ = play(running(1), event, GenerationBegun(2), WorkerSpawned(2, 0, 200), event, now=5)
    assert said(table, event) == ["Reloading once more after what is under way, because shop.py changed."]
    table, actions = play(table, WorkerReady(200), now=6)
    assert actions == [Promote(2)]
    table, actions = play(table, GenerationPromoted(2), Opened(200), Tick(), now=6)
    assert actions == [BeginGeneration(3)]


def test_a_change_before_the_first_worker_is_ready_waits_for_it():
    table, actions = play(WorkerTable.empty(1), WorkerSpawned(1, 0, 7), FilesChanged("shop.py"), now=0)
    assert actions == []
    assert play(table, WorkerReady(7), now=1)[1] == [BeginGeneration(2)]


def test_a_change_wakes_no_workers_that_were_sent_to_sleep():
    event = FilesChanged("shop.py")
    table, actions = play(running(1), SignalReceived(signal.SIGWINCH), WorkerExited(100, 0), event, now=5)
    assert actions == []
    assert said(table, event) == ["shop.py changed: reloading once there are workers again."]
    table, actions = play(table, SignalReceived(signal.SIGTTIN), now=6)
    assert actions == [BeginGeneration(2)]


def test_a_change_means_nothing_to_who_stops():
    event = FilesChanged("shop.py")
    table, _ = play(running(1), SignalReceived(signal.SIGTERM), SignalSent(100, signal.SIGTERM), now=5)
    after, actions = play(table, event, now=6)
    assert (after, actions, said(after, event)) == (table, [], [])
