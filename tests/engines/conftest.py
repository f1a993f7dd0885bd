import pytest

RUNNERS = ["inline", "late", "pool"]


@pytest.fixture(params=RUNNERS)
def runner(request: pytest.FixtureRequest) -> str:
    """Each way to run a handler."""
    return request.param


@pytest.fixture(params=["late", "pool"])
def threaded_runner(request: pytest.FixtureRequest) -> str:
    """Each way that has several threads."""
    return request.param
