"""`render`: metrics as the text that Prometheus reads. The one file that knows prometheus-client."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Final

from .families import Family

if TYPE_CHECKING:  # it takes a while to import, and most processes never scrape
    from prometheus_client import Metric

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
"""Of what `render` returns."""


@dataclass(frozen=True, slots=True)
class _Collector:
    families: Iterable[Family]

    def collect(self) -> "Iterator[Metric]":
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        for family in self.families:
            what = family.definition
            if what.kind == "histogram":
                histogram = HistogramMetricFamily(what.name, what.documentation, labels=what.labelnames)
                for labels, numbers in family.series.items():
                    histogram.add_metric(labels, _cumulated(what.buckets, numbers), numbers[-1])
                yield histogram
                continue
            kind = CounterMetricFamily if what.kind == "counter" else GaugeMetricFamily
            metric = kind(what.name, what.documentation, labels=what.labelnames)
            for labels, numbers in family.series.items():
                metric.add_metric(labels, numbers[0])
            yield metric


def render(families: Iterable[Family]) -> str:
    """Return the text format, version 0.0.4."""
    from prometheus_client import generate_latest

    return generate_latest(_Collector(families)).decode()


def _cumulated(bounds: tuple[float, ...], counts: list[float]) -> list[tuple[str, float]]:
    """Return each bound with how many observations were not larger."""
    total = 0.0
    result = []
    for bound, count in zip(bounds, counts, strict=False):
        total += count
        result.append(("+Inf" if bound == inf else str(bound), total))
    return result
