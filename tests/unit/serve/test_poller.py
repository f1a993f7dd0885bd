"""Both pollers behave alike: the reactor does not know which one it has."""

import select
import socket

import pytest

from demijohn.serve.poller import READ, WRITE, EpollPoller, SelectorPoller, best_poller

POLLERS = [
    pytest.param(EpollPoller, marks=pytest.mark.skipif(not hasattr(select, "epoll"), reason="there is no epoll here")),
    SelectorPoller,
]


@pytest.fixture(params=POLLERS)
def poller(request):
    poller = request.param()
    yield poller
    poller.close()


@pytest.fixture
def pair():
    left, right = socket.socketpair()
    with left, right:
        left.setblocking(False)
        yield left, right


def one(mask: int) -> bool:
    return True


def other(mask: int) -> bool:
    return False


def test_who_is_ready_for_what(poller, pair):
    left, right = pair
    poller.register(left, READ, one)
    assert list(poller.poll(0)) == []
    right.send(b"x")
    assert list(poller.poll(0)) == [(one, READ)]
    poller.modify(left, READ | WRITE, other)
    assert list(poller.poll(0)) == [(other, READ | WRITE)]
    poller.modify(left, WRITE, one)
    assert list(poller.poll(0)) == [(one, WRITE)]
    poller.unregister(left)
    assert list(poller.poll(0)) == []


@pytest.mark.parametrize("events", [READ, WRITE, READ | WRITE])
def test_the_end_is_told_to_whoever_waits_for_anything(poller, pair, events):
    left, right = pair
    poller.register(left, events, one)
    right.close()
    ((callback, mask),) = poller.poll(0)
    assert callback is one
    assert mask & events == events


def test_a_time_is_waited_for_to_its_end(poller, pair, monkeypatch):
    poller.register(pair[0], READ, one)
    assert list(poller.poll(0.0001)) == []  # rounded up, and so no wait of nothing
    pair[1].send(b"x")
    assert list(poller.poll(None)) == [(one, READ)]


def test_who_is_not_watched_cannot_be_forgotten(poller, pair):
    with pytest.raises(KeyError):
        poller.unregister(pair[0])
    poller.register(pair[0], READ, one)
    poller.unregister(pair[0])
    with pytest.raises(KeyError):
        poller.unregister(pair[0])
    pair[0].close()
    with pytest.raises((KeyError, ValueError)):
        poller.unregister(pair[0])
    with pytest.raises(ValueError, match="negative|Invalid"):
        poller.register(pair[0], READ, one)


def test_one_that_was_closed_can_be_forgotten(poller, pair):
    """As a listener is that its owner has closed while it is served."""
    left, right = pair
    poller.register(left, READ, one)
    poller.register(right, READ, other)
    left.close()
    poller.unregister(left)
    with pytest.raises((KeyError, ValueError)):
        poller.unregister(left)
    assert [callback for callback, _ in poller.poll(0)] == [other]  # whose other end this was


@pytest.mark.skipif(not hasattr(select, "epoll"), reason="there is no epoll here")
def test_a_number_that_the_system_gives_anew_is_the_new_sockets(pair):
    """Also where the old one was closed without a word, and where a thread was ended in the middle of a change."""
    poller = best_poller()
    try:
        poller.register(pair[0], READ, one)
        number = pair[0].fileno()
        pair[0].close()
        left, right = socket.socketpair()
        with left, right:
            assert left.fileno() == number
            poller.register(left, READ, other)
            right.send(b"x")
            assert list(poller.poll(0)) == [(other, READ)]
            del poller._watched[number]
            assert list(poller.poll(0)) == []
            assert list(poller.poll(0)) == []
            poller.register(left, READ, one)
            assert list(poller.poll(0)) == [(one, READ)]
    finally:
        poller.close()
