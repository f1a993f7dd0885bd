"""Counters, gauges and histograms of an application, shared by all its workers. See README.md.

from demijohn import metrics

orders = metrics.Counter("orders", "Orders taken.", ["country"])
orders.labels("de").inc()
"""

from .exposition import CONTENT_TYPE, render
from .kinds import DEFAULT_BUCKETS, Counter, Gauge, Histogram
from .store import STORE

__all__ = ["CONTENT_TYPE", "DEFAULT_BUCKETS", "Counter", "Gauge", "Histogram", "text"]


def text() -> str:
    """Return all metrics of the application in the text format of Prometheus, of the type `CONTENT_TYPE`.

    Of all workers, those that are gone included. Any thread.
    """
    return render(STORE.collect())
