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


DEAREST_FIRST = ("compat", "extensions", "browser", "process", "engines", "deploy", "differential", "laws")
"""Directories whose files take long, each up to minutes. What takes moments comes last, so that with `--dist loadfile` no worker
is left with a long file while the others have nothing to do any more."""


def pytest_configure(config):
    # Else files with few tests come last, and those are the long ones.
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items):
    here = os.path.dirname(__file__)
    rank = {name: place for place, name in enumerate(DEAREST_FIRST)}

    def place_of(item):
        return rank.get(os.path.relpath(item.path, here).partition(os.sep)[0], len(rank))

    items.sort(key=place_of)


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
