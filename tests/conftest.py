"""Generated cases are the same in every run and on every machine; `HYPOTHESIS_PROFILE=wide` searches elsewhere, and longer."""

import atexit
import logging
import os
import shutil
import tempfile

import pytest
from hypothesis import HealthCheck, settings
from services import Place

from demijohn._base import served

if "PYTHONPYCACHEPREFIX" not in os.environ:
    # A process that a test starts finds what others have compiled, also where nothing may be written beside the sources:
    # compiling ours and our libraries' would take each of hundreds of them half a second of processor time.
    os.environ["PYTHONPYCACHEPREFIX"] = tempfile.mkdtemp(prefix="demijohn-tests-")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    atexit.register(shutil.rmtree, os.environ["PYTHONPYCACHEPREFIX"], ignore_errors=True)

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
    # Nor is this package called flask because a file of tests has imported its modules by that name.
    served._names.clear()
    yield
    for name in ("DEMIJOHN_RUN_FROM_CLI", "FLASK_RUN_FROM_CLI"):
        os.environ.pop(name, None)
    for logger, level in levels.items():
        logger.setLevel(level)
