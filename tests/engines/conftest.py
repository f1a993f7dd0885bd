import pytest

RUNNERS = ["inline", "late", "pool"]


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
