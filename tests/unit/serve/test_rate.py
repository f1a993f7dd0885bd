"""What a client has in hand: slower than the least rate for good is the end, a pause is not, a fast beginning is no licence."""

import socket

from hypothesis import given
from hypothesis import strategies as st

from demijohn.serve.rate import count_untaken, seconds_left

RATE = 500
MOST = 30.0

waits = st.floats(0.01, 29.0)


def lifetime(steps: list[tuple[float, int]], rate: int = RATE) -> float | None:
    """Return when a client that sends (after seconds, bytes) is given up; `None` if it never is."""
    left, now = MOST, 0.0
    for wait, count in steps:
        if wait > left:
            return now + left
        now += wait
        left = seconds_left(left - wait, count, rate, MOST)
    return None


@given(st.lists(st.tuples(waits, st.integers(0, 1 << 30)), min_size=1))
def test_nobody_ever_has_more_than_the_most_in_hand(steps):
    left = MOST
    for wait, count in steps:
        left = seconds_left(left - wait, count, RATE, MOST)
        assert left <= MOST


@given(st.lists(waits, min_size=1), st.floats(1.0, 10.0))
def test_who_keeps_the_rate_is_never_given_up(steps, factor):
    assert lifetime([(wait, int(wait * RATE * factor) + 1) for wait in steps]) is None


@given(st.lists(st.tuples(waits, st.floats(0.0, 0.9)), min_size=30, max_size=30))
def test_who_is_slower_for_good_is_given_up_however_the_bytes_are_spread(steps):
    """At 9/10 of the rate each second costs a tenth of one at least: after 300 s nothing is left of 30."""
    died = lifetime([(wait, int(wait * RATE * part)) for wait, part in steps * 3])
    total = 3 * sum(wait for wait, _ in steps)
    assert died is not None or total <= MOST / 0.1
    assert died is None or died <= MOST / 0.1 + 29


def test_a_fast_beginning_is_no_licence_for_later():
    died = lifetime([(0.1, 1 << 30)] + [(25.0, 1)] * 100)
    assert died is not None
    assert died < 0.1 + MOST + 25


def test_a_pause_of_the_whole_time_is_all_right_again_and_again():
    assert lifetime([(29.9, 20_000)] * 100) is None


def test_without_a_rate_only_pauses_count():
    assert lifetime([(29.0, 1)] * 1000, rate=0) is None
    assert seconds_left(3.0, 0, 0, MOST) == 3.0


def test_what_was_not_taken_is_counted():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        sock, _ = server.accept()
        with sock:
            assert count_untaken(sock) == 0
            sock.setblocking(False)
            sent = 0
            try:
                while True:
                    sent += sock.send(b"x" * 100_000)
            except BlockingIOError:
                pass
            assert 0 < count_untaken(sock) <= sent
            client.settimeout(20)
            while sent:
                sent -= len(client.recv(1 << 20))


def test_a_closed_socket_has_nothing_untaken():
    sock = socket.socket()
    sock.close()
    assert count_untaken(sock) == 0
