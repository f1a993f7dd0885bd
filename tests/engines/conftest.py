import sys

import pytest

from demijohn.app.asyncs import stop_loop
from demijohn.serve import timelimit
from demijohn.serve.compiled import TWINS

RUNNERS = ["inline", "late", "pool"]


@pytest.fixture
def eager_switching():
    """The interpreter changes threads as often as it can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


@pytest.fixture
def in_time(monkeypatch):
    """The server does not answer in the place of a handler that is interrupted, however slowly this machine runs it."""
    monkeypatch.setattr(timelimit, "_GRACE", 10)


@pytest.fixture(params=["compiled", "pure"])
def each_way(request):
    """The server's compiled methods, and those in Python."""
    if request.param == "pure":
        TWINS.drop()
    elif not TWINS.use():
        pytest.skip("the package was built without a compiler")
    yield request.param
    TWINS.use()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`runner`: each way to run a handler; `threaded_runner`: each that has several threads.

    Of tests marked `over_tls` also with `+tls` behind the name, which `serving` understands.
    """
    for name, runners in (("runner", RUNNERS), ("threaded_runner", RUNNERS[1:])):
        if name in metafunc.fixturenames:
            over_tls = (
                [f"{runner}+tls" for runner in runners] if metafunc.definition.get_closest_marker("over_tls") else []
            )
            metafunc.parametrize(name, [*runners, *over_tls])


@pytest.fixture(autouse=True)
def _no_event_loop_is_left():
    """The thread of async views outlives a server; tests that count threads must not meet that of another test."""
    yield
    stop_loop()
