"""A plugin of pytest, in the suites' environment: writes the outcome of each test, by its name, as JSON to the file of OUTCOMES."""

import json
import os

_outcomes = {}


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
