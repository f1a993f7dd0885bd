"""Every known difference to the originals that is meant, with its reason: one table, by topic in several files.

A deviation names its probe and says for which arguments and outcomes it holds. Its example must differ today, and must be found
by it: an entry that has become stale fails test_deviations.py. Tests that generate arguments leave out what leads here, so that
no entry hides another difference.
"""

from typing import Any

from differential.deviations import apps, messages, values
from differential.deviations.entry import Deviation

DEVIATIONS: list[Deviation] = [
    *values.OBJECTS,
    *values.FIELDS,
    *values.TEXTS,
    *values.CONDITIONS,
    *messages.BODIES,
    *messages.ANSWERS,
    *apps.ROUTES,
    *apps.APPS,
    *apps.FEATURES,
    *apps.PLUMBING,
]


def find_deviation(probe: str, arguments: list[Any], theirs: Any, ours: Any) -> Deviation | None:
    """The first entry that explains this difference."""
    for deviation in DEVIATIONS:
        if deviation.explains(probe, arguments, theirs, ours):
            return deviation
    return None
