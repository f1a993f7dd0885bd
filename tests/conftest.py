"""Generated cases are the same in every run and on every machine; `HYPOTHESIS_PROFILE=wide` searches elsewhere, and longer."""

import logging
import os

import pytest
from hypothesis import HealthCheck, settings
from services import Place

_ANY_SPEED = {"deadline": None, "database": None, "suppress_health_check": [HealthCheck.too_slow]}

settings.register_profile("steady", derandomize=True, **_ANY_SPEED)
settings.register_profile("wide", max_examples=2000, **_ANY_SPEED)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


LOGGERS = ("demijohn", "demijohn.access", "demijohn.error", "demijohn.manage")


@pytest.fixture
def place():
    """A short directory, and processes that end with the test."""
    place = Place()
    yield place
    place.clean_up()


@pytest.fixture(scope="module")
def module_place():
    """The same for all tests of a file."""
    place = Place()
    yield place
    place.clean_up()


@pytest.fixture(autouse=True)
def _no_command_leaves_its_mark():
    """A command line that a test called in this process says that `app.run()` does nothing, and sets up logs; not the next test's."""
    levels = {logger: logger.level for logger in map(logging.getLogger, LOGGERS)}
    yield
    for name in ("DEMIJOHN_RUN_FROM_CLI", "FLASK_RUN_FROM_CLI"):
        os.environ.pop(name, None)
    for logger, level in levels.items():
        logger.setLevel(level)
