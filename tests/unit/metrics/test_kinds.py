"""Counters, gauges and histograms of one process, and their text."""

import logging
import math
import os
import sys
import threading

import pytest

from demijohn import metrics
from demijohn.metrics.exposition import render
from demijohn.metrics.kinds import Counter, Gauge, Histogram
from demijohn.metrics.store import Store


@pytest.fixture
def store():
    return Store(16 << 10)


def text_of(store) -> list[str]:
    return [line for line in render(store.collect()).splitlines() if not line.startswith("#")]


def test_a_counter(store):
    counter = Counter("orders", "Orders taken.", store=store)
    assert text_of(store) == ["orders_total 0.0"]
    counter.inc()
    counter.inc(2.5)
    assert text_of(store) == ["orders_total 3.5"]
    for wrong in (-1, math.nan):
        with pytest.raises(ValueError, match="only goes up"):
            counter.inc(wrong)
    assert text_of(store) == ["orders_total 3.5"]
    with pytest.raises(KeyError), counter.count_exceptions(LookupError):
        raise KeyError
    with pytest.raises(TypeError), counter.count_exceptions(LookupError):
        raise TypeError
    assert text_of(store) == ["orders_total 4.5"]


def test_labels_by_position_and_name(store):
    counter = Counter("http_requests_total", "Requests.", ["method", "code"], store=store)
    assert text_of(store) == []
    counter.labels("GET", 200).inc()
    counter.labels(code="200", method="GET").inc()
    counter.labels('a"b\n', "é").inc()
    assert text_of(store) == [
        'http_requests_total{code="200",method="GET"} 2.0',
        'http_requests_total{code="é",method="a\\"b\\n"} 1.0',
    ]
    assert counter.labels("GET", 200) is counter.labels(code=200, method="GET")
    for values, named in [(("GET",), {}), ((), {"method": "GET"}), (("GET",), {"code": 1}), ((), {"x": 1, "code": 2})]:
        with pytest.raises(ValueError, match="http_requests"):
            counter.labels(*values, **named)
    with pytest.raises(ValueError, match="has labels"):
        counter.inc()
    with pytest.raises(ValueError, match="has no labels"):
        counter.labels("GET", 200).labels()
    with pytest.raises(ValueError, match="has no labels"):
        Counter("plain", "", store=store).labels()


def test_a_gauge(store):
    gauge = Gauge("rooms", "Rooms.", store=store)
    gauge.set(5)
    gauge.inc(2)
    gauge.dec()
    assert text_of(store) == ["rooms 6.0"]
    with gauge.track_inprogress():
        assert text_of(store) == ["rooms 7.0"]

    @gauge.track_inprogress()
    def work():
        return text_of(store)

    assert work() == work() == ["rooms 7.0"]
    assert text_of(store) == ["rooms 6.0"]
    gauge.set_to_current_time()
    assert float(text_of(store)[0].split()[1]) > 1.7e9
    with pytest.raises(ValueError, match="mode is 'average'"):
        Gauge("x", "", mode="average", store=store)


def test_a_histogram(store):
    sizes = Histogram("sizes", "Sizes.", ["kind"], buckets=(1, 2.5, 10), store=store)
    for size in (0.5, 1, 1.5, 10, 11):
        sizes.labels("a").observe(size)
    assert text_of(store) == [
        'sizes_bucket{kind="a",le="1.0"} 2.0',
        'sizes_bucket{kind="a",le="2.5"} 3.0',
        'sizes_bucket{kind="a",le="10.0"} 4.0',
        'sizes_bucket{kind="a",le="+Inf"} 5.0',
        'sizes_count{kind="a"} 5.0',
        'sizes_sum{kind="a"} 24.0',
    ]
    with pytest.raises(ValueError, match="not a number"):
        sizes.labels("a").observe(math.nan)
    with sizes.labels("b").time():
        pass
    assert 'sizes_count{kind="b"} 1.0' in text_of(store)
    for buckets in ((2, 1), (1, 1), (1, math.nan)):
        with pytest.raises(ValueError, match="must go up"):
            Histogram("other", "", buckets=buckets, store=store)
    with pytest.raises(ValueError, match="'le'"):
        Histogram("other", "", ["le"], store=store)


@pytest.mark.parametrize("name", ["", "1a", "a-b", "a b", "é", "demijohn_requests"])
def test_names_that_cannot_be(name, store):
    with pytest.raises(ValueError, match="can't be a metric's name"):
        Counter(name, "", store=store)


@pytest.mark.parametrize("labels", [["__x"], ["a-b"], [""], ["a", "a"]])
def test_labels_that_cannot_be(labels, store):
    with pytest.raises(ValueError, match="label"):
        Counter("a", "", labels, store=store)


def test_a_name_is_made_of_its_parts(store):
    Counter("taken_total", "", (), "shop", "orders", "euros", store=store)
    Histogram("latency", "", unit="seconds", buckets=[1], store=store)
    assert {line.split("{")[0].split()[0] for line in text_of(store)} == {
        "shop_orders_taken_euros_total",
        "latency_seconds_bucket",
        "latency_seconds_sum",
        "latency_seconds_count",
    }


def test_the_same_definition_is_the_same_metric_and_another_is_refused(store):
    Counter("a", "Text.", ["x"], store=store).labels("1").inc()
    Counter("a", "Text.", ["x"], store=store).labels("1").inc()
    assert text_of(store) == ['a_total{x="1"} 2.0']
    with pytest.raises(ValueError, match="There is a metric 'a' already"):
        Counter("a", "Text.", ["y"], store=store)
    with pytest.raises(ValueError, match="There is a metric 'a' already"):
        Gauge("a", "Text.", ["x"], store=store)


def test_when_the_memory_is_full_it_is_said_once_and_the_others_go_on(store, caplog):
    counter = Counter("visits", "Visits.", ["who"], store=store)
    first = counter.labels("first")
    with caplog.at_level(logging.ERROR, "demijohn.metrics"):
        for number in range(2000):
            counter.labels(f"visitor {number}").inc()
    first.inc()
    assert len(caplog.records) == 1
    assert "No room for another series, visits('visitor" in caplog.records[0].getMessage()
    lines = text_of(store)
    assert 100 < len(lines) < 500
    assert 'visits_total{who="first"} 1.0' in lines
    Gauge("more", "", store=store).set(1)  # not shown, and no error either
    assert len(text_of(store)) == len(lines)


def test_threads_lose_nothing(store):
    counter = Counter("hits", "", store=store)
    histogram = Histogram("sizes", "", ["x"], buckets=[1], store=store)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def work(number: int) -> None:
        for _ in range(1000):
            counter.inc()
            histogram.labels(number % 2).observe(2)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    finally:
        sys.setswitchinterval(before)
    lines = text_of(store)
    assert "hits_total 8000.0" in lines
    assert 'sizes_count{x="0"} 4000.0' in lines
    assert 'sizes_sum{x="1"} 8000.0' in lines


def test_a_process_that_an_application_forks_does_not_touch_its_parents_numbers():
    counter = Counter("test_kinds_forks", "Of this test.")
    gauge = Gauge("test_kinds_level", "Of this test.")
    counter.inc(3)
    gauge.set(4)
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            counter.inc(10)
            os.write(write, metrics.text().encode())
        finally:
            os._exit(0)
    os.close(write)
    with open(read) as pipe:
        of_child = pipe.read().splitlines()
    os.waitpid(pid, 0)
    assert "test_kinds_forks_total 10.0" in of_child
    assert "test_kinds_level 4.0" in of_child, "what is set is still so"
    assert "test_kinds_forks_total 3.0" in metrics.text().splitlines()


def test_a_fork_while_another_thread_counts_does_not_block_the_child():
    counter = Counter("test_kinds_lock", "Of this test.")
    from demijohn.metrics.store import STORE

    held, go_on = threading.Event(), threading.Event()

    def hold():
        with STORE.lock:
            held.set()
            go_on.wait(20)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert held.wait(20)
        pid = os.fork()
        if pid == 0:
            try:
                counter.inc()
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitpid(pid, 0)[1] == 0
    finally:
        go_on.set()
        thread.join(20)
