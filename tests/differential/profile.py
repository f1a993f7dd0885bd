"""How generated cases are drawn here: the same in every run, several in one call of the worker."""

import os

from hypothesis import HealthCheck, settings

# Search wider by hand: DIFFERENTIAL_EXAMPLES=2000 draws that many, and others in each run.
_WIDE = int(os.environ.get("DIFFERENTIAL_EXAMPLES", "0"))
BATCH = 12


def steady(examples: int) -> settings:
    """Settings for a test whose example is a batch of cases."""
    return settings(
        max_examples=_WIDE or examples,
        derandomize=not _WIDE,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
