import threading

import pytest

from demijohn.seam import NOTHING_YET, Feed, FeedOverflowError


def test_what_was_sent_comes_out_in_order_and_together():
    feed = Feed()
    assert feed.send(b"a")
    assert feed.send(b"b")
    assert next(feed) == b"ab"
    feed.send(b"c")
    feed.end()
    feed.end()
    assert not feed.send(b"d")
    assert list(feed) == [b"c"]


def test_where_nobody_wakes_it_it_waits():
    feed = Feed()
    got = []
    reader = threading.Thread(target=lambda: got.extend(feed))
    reader.start()
    feed.send(b"a")
    feed.end()
    reader.join(20)
    assert got == [b"a"]


def test_where_somebody_wakes_it_it_never_waits():
    feed = Feed()
    woken = []
    assert feed.attach_waker(lambda: woken.append(1)) is None
    assert next(feed) is NOTHING_YET
    feed.send(b"a")
    assert woken == [1]
    assert next(feed) == b"a"
    assert next(feed) is NOTHING_YET
    feed.end()
    assert woken == [1, 1]
    assert list(feed) == []


def test_an_endless_one_ends_when_the_server_asks():
    feed = Feed(is_endless=True)
    end = feed.attach_waker(lambda: None)
    feed.send(b"last")
    end()
    assert list(feed) == [b"last"]


def test_a_reader_that_waits_is_freed_by_close():
    closed = []
    feed = Feed(on_close=lambda: closed.append(1))
    reader = threading.Thread(target=lambda: list(feed))
    reader.start()
    feed.close()
    feed.close()
    reader.join(20)
    assert not reader.is_alive()
    assert closed == [1]
    assert not feed.send(b"x")


def test_it_does_not_grow_for_ever():
    feed = Feed(most_unsent=10)
    assert feed.send(b"x" * 100)  # alone
    assert next(feed) == b"x" * 100
    assert feed.send(b"x" * 6)
    assert feed.send(b"x" * 4)
    assert not feed.send(b"x")
    assert not feed.send(b"x")
    with pytest.raises(FeedOverflowError, match="more than 10 bytes"):
        next(feed)


def test_it_is_made_of_bytes():
    with pytest.raises(TypeError, match="not of str"):
        Feed().send("text")
    with pytest.raises(ValueError, match="at least 1"):
        Feed(most_unsent=0)
