"""Generated cases are the same in every run and on every machine; `HYPOTHESIS_PROFILE=wide` searches elsewhere, and longer."""

import os

from hypothesis import HealthCheck, settings

_ANY_SPEED = {"deadline": None, "database": None, "suppress_health_check": [HealthCheck.too_slow]}

settings.register_profile("steady", derandomize=True, **_ANY_SPEED)
settings.register_profile("wide", max_examples=2000, **_ANY_SPEED)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
