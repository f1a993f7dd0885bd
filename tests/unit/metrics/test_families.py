"""Metrics of several processes become one."""

import pytest

from demijohn.metrics.families import Retirement, collect
from demijohn.metrics.kinds import Counter, Gauge, Histogram
from demijohn.metrics.region import Region
from demijohn.metrics.store import Store


def worker(size: int = 8192) -> tuple[Store, Region]:
    """What a worker has: metrics with their numbers in memory that others read."""
    memory = memoryview(bytearray(size))
    store = Store()
    store.attach(memory, list)
    return store, Region(memory)


def values(families) -> dict[str, dict[tuple[str, ...], list[float]]]:
    return {family.definition.name: family.series for family in families}


def test_counters_and_histograms_are_added():
    regions = []
    for amount in (1, 2):
        store, region = worker()
        Counter("c", "", ["x"], store=store).labels("a").inc(amount)
        Counter("c", "", ["x"], store=store).labels(str(amount)).inc()
        Histogram("h", "", buckets=[1], store=store).observe(amount)
        regions.append(region)
    assert values(collect(None, regions)) == {
        "c": {("a",): [3.0], ("1",): [1.0], ("2",): [1.0]},
        "h": {(): [1.0, 1.0, 3.0]},
    }


@pytest.mark.parametrize(("mode", "value"), [("sum", 6.0), ("max", 3.0), ("min", 1.0), ("mostrecent", 2.0)])
def test_gauges_by_mode(mode, value, monkeypatch):
    now = iter([10.0, 12.0, 11.0])
    monkeypatch.setattr("demijohn.metrics.kinds.time.time", lambda: next(now))
    regions = []
    for amount in (1, 2, 3):
        store, region = worker()
        Gauge("g", "", mode=mode, store=store).set(amount)
        regions.append(region)
    assert values(collect(None, regions))["g"][()][0] == value


def test_of_workers_that_are_gone_counts_stay_and_gauges_go():
    retired = Region.private(8192)
    retirement = Retirement(retired)
    for amount in (1, 2, 3):
        store, region = worker()
        Counter("c", "", ["x"], store=store).labels("a").inc(amount)
        Gauge("g", "", store=store).set(amount)
        Histogram("h", "", buckets=[1], store=store).observe(amount)
        if amount < 3:
            assert retirement.add(region)
    assert values(collect(retired, [region])) == {
        "c": {("a",): [6.0]},
        "g": {(): [3.0, pytest.approx(0, abs=1e12)]},
        "h": {(): [1.0, 2.0, 6.0]},
    }
    assert values(collect(retired, [])) == {"c": {("a",): [3.0]}, "h": {(): [1.0, 1.0, 3.0]}}


def test_when_new_code_has_another_metric_of_that_name_it_counts():
    old, old_region = worker()
    new, new_region = worker()
    Histogram("h", "", buckets=[1, 2], store=old).observe(1)
    Counter("same", "", store=old).inc()
    Histogram("h", "", buckets=[1], store=new).observe(1)
    Counter("same", "", store=new).inc()
    assert values(collect(None, [old_region, new_region])) == {"h": {(): [1.0, 0.0, 1.0]}, "same": {(): [2.0]}}
    retired = Region.private(8192)
    Retirement(retired).add(old_region)
    assert values(collect(retired, [new_region])) == {"h": {(): [1.0, 0.0, 1.0]}, "same": {(): [2.0]}}


def test_no_room_for_those_that_are_gone():
    store, region = worker()
    counter = Counter("c", "", ["x"], store=store)
    for number in range(20):
        counter.labels(number).inc()
    retirement = Retirement(Region.private(256))
    assert not retirement.add(region)
    assert not retirement.add(region), "and what there is room for is added all the same"


def test_metrics_that_were_there_before_begin_at_zero_and_gauges_go_on():
    store = Store()
    counter, gauge = Counter("c", "", ["x"], store=store), Gauge("g", "", store=store)
    child = counter.labels("a")
    child.inc(5)
    gauge.set(7)
    memory = memoryview(bytearray(8192))
    store.attach(memory, list)
    assert values(collect(None, [Region(memory)])) == {
        "c": {("a",): [0.0]},
        "g": {(): [7.0, pytest.approx(0, abs=1e12)]},
    }
    child.inc()
    counter.labels("b").inc()
    gauge.inc()
    assert values(collect(None, [Region(memory)]))["c"] == {("a",): [1.0], ("b",): [1.0]}
    assert values(collect(None, [Region(memory)]))["g"][()][0] == 8.0
