"""The reactor survives its callbacks' faults, and the faults of closing what failed."""

import socket

import pytest

from demijohn._base.clock import FakeClock, SystemClock
from demijohn.serve.poller import READ
from demijohn.serve.reactor import Reactor


@pytest.fixture
def reactor():
    reactor = Reactor(SystemClock())
    yield reactor
    reactor.close()


class Owner:
    def __init__(self, *faults: BaseException) -> None:
        self.faults = list(faults)
        self.failed = 0

    def on_event(self, mask: int) -> bool:
        raise self.faults.pop(0)

    def fail(self) -> None:
        self.failed += 1
        if self.faults:
            raise self.faults.pop(0)


@pytest.mark.parametrize("faults", [[ValueError()], [ValueError(), KeyError("cannot be closed either")]])
def test_a_fault_costs_its_own_connection(reactor, faults, caplog):
    owner, ran = Owner(*faults), []
    reactor.call_soon(owner.on_event)
    reactor.call_soon(lambda mask: ran.append(mask) or True)
    assert reactor.turn()
    assert ran == [0]
    assert owner.failed == 1
    assert caplog.text.count("Traceback") >= len(faults)


def test_a_thread_that_is_being_ended_is_not_held_back(reactor):
    owner = Owner(SystemExit())
    reactor.call_soon(owner.on_event)
    with pytest.raises(SystemExit):
        reactor.turn()
    assert owner.failed == 1


def test_what_is_called_soon_waits_for_the_next_turn(reactor):
    order = []

    def first(mask: int) -> bool:
        order.append("first")
        reactor.call_soon(lambda mask: order.append("third") or True)
        return True

    reactor.call_soon(first)
    reactor.call_soon(lambda mask: order.append("second") or True)
    assert reactor.turn()
    assert order == ["first", "second"]
    assert reactor.turn()
    assert order == ["first", "second", "third"]


def test_deadlines_that_pass_together_are_told_a_few_at_a_time():
    """Between them the reactor polls, so that those whose fault it is not need not wait."""
    clock = FakeClock()
    reactor = Reactor(clock)
    told: list[int] = []
    rounds: list[int] = []

    class Watched:
        slot = -1.0

        def __init__(self, number: int) -> None:
            self.number = number
            self.deadline = clock.monotonic() + 1

        def on_deadline(self, mask: int) -> bool:
            told.append(self.number)
            return True

    for number in range(100):
        reactor.wheel.add(Watched(number), clock.monotonic())
    clock.advance(3)
    while len(told) < 100:
        before = len(told)
        reactor.turn()
        rounds.append(len(told) - before)
    assert max(rounds) <= 32
    assert sorted(told) == list(range(100))
    reactor.close()


def test_dropping_a_socket_that_is_watched_or_not():
    """After a blow from outside nobody knows; then nothing of it is left, and another may have its number."""
    reactor = Reactor(SystemClock())
    left, right = socket.socketpair()
    try:
        reactor.drop(left)
        reactor.watch(left, READ, lambda mask: True)
        reactor.drop(left)
        reactor.watch(left, READ, lambda mask: True)
        left.close()
        reactor.drop(left)
    finally:
        left.close()
        right.close()
        reactor.close()
