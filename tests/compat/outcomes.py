"""A plugin of pytest, in the suites' environment: writes the outcome of each test, by its name, as JSON to the file of OUTCOMES."""

import json
import os

import pytest

_outcomes = {}

WAITING = {
    "tests/test_serving.py::test_reloader_sys_path[stat]",
    "tests/test_serving.py::test_reloader_sys_path[watchdog]",
}
"""Known to fail (known.toml): they wait for words that are not said here. Nothing is gained by giving them as long as others."""


def pytest_collection_modifyitems(items):
    for item in items:
        if item.nodeid in WAITING:
            item.add_marker(pytest.mark.timeout(5))


def pytest_runtest_logreport(report):
    # Of setup, call and teardown the worst counts; a test that is skipped or expected to fail did what it should.
    if report.when == "call" or not report.passed:
        if report.nodeid not in _outcomes or report.failed:
            _outcomes[report.nodeid] = "failed" if report.failed else "passed"


def pytest_collectreport(report):
    if report.failed:
        _outcomes[report.nodeid] = "failed"


def pytest_sessionfinish(session):
    with open(os.environ["OUTCOMES"], "w", encoding="utf-8") as file:
        json.dump(_outcomes, file)
