"""Refusals are all counted and rarely mentioned."""

import logging

from demijohn._base.clock import FakeClock
from demijohn.serve.refusals import Refusals
from demijohn.serve.stats import REFUSED, Stats


def test_a_flood_is_one_line_every_ten_seconds(caplog):
    clock = FakeClock()
    stats = Stats()
    refusals = Refusals(clock, stats)
    with caplog.at_level(logging.WARNING, "demijohn.error"):
        for _ in range(1000):
            refusals.note("max_queue_age", "Refused a request")
        clock.advance(10.5)
        refusals.note("max_queue_age", "Refused a request")
        refusals.note("max_connections", "Refused a connection")
    assert [record.getMessage() for record in caplog.records] == [
        "Refused a request; the limit is max_queue_age",
        "Refused a request; the limit is max_queue_age (1000 times since this was said last)",
        "Refused a connection; the limit is max_connections",
    ]
    assert refusals.snapshot() == {"max_queue_age": 1001, "max_connections": 1}
    assert (stats.cells[REFUSED["max_queue_age"]], stats.cells[REFUSED["max_connections"]]) == (1001, 1)
