"""What workers are made of, at first and anew; their warm-up; the memory that a process takes."""

import os

import pytest

from demijohn import Demijohn
from demijohn.doors.choose import handler_for
from demijohn.manage.appspec import AppSpec
from demijohn.manage.generations import Generations, Renewed
from demijohn.manage.supervisor.memory import memory_of
from demijohn.manage.supervisor.patience import Supervision
from demijohn.manage.supervisor.plan import BootError, PlanError
from demijohn.manage.supervisor.policy import SupervisorPolicy
from demijohn.manage.warmup import warm_up
from demijohn.serve import Listener, ServerOptions


@pytest.fixture
def listener():
    one = Listener.tcp("127.0.0.1", 0)
    yield one
    one.close()


def test_a_plan_follows_from_the_settings(listener):
    supervision = Supervision(SupervisorPolicy(max_requests=7), preload=True)
    options = ServerOptions(drain_timeout=11, drain_delay=2)
    plan = Generations(AppSpec(lambda: None), [listener], options, 3, supervision).plan()
    assert (plan.wanted, plan.has_loader, plan.drain_timeout) == (3, True, 13)
    assert (plan.policy.max_requests, plan.policy.graceful_timeout) == (7, 18)
    plan = Generations(lambda: None, [listener], options, 3, supervision).plan()
    assert not plan.has_loader, "what is there before the fork needs no loading"


def test_a_reload_takes_what_was_read_anew(listener):
    old, new = object(), object()
    listener.certificates = old
    found = Renewed(ServerOptions(drain_timeout=1), 5, Supervision(), new)
    generations = Generations(AppSpec(lambda: None), [listener], ServerOptions(), 3, Supervision(), lambda: found)
    plan = generations.renewed_plan()
    assert (plan.wanted, plan.drain_timeout) == (5, 1)
    assert listener.certificates is new
    listener.certificates = None
    generations.renewed_plan()
    assert listener.certificates is None, "a listener without TLS stays one"


@pytest.mark.parametrize("error", [ValueError("no"), TypeError("no"), FileNotFoundError("no")])
def test_settings_that_cannot_be_used_are_no_plan(listener, error):
    def renew():
        raise error

    with pytest.raises(PlanError, match="no"):
        Generations(AppSpec(lambda: None), [listener], ServerOptions(), 3, Supervision(), renew).renewed_plan()


def test_without_settings_the_number_of_workers_stays_what_it_has_become(listener):
    generations = Generations(lambda: None, [listener], ServerOptions(), 3, Supervision())
    assert generations.plan().wanted == 3
    assert generations.renewed_plan().wanted is None


@pytest.mark.parametrize("runner", ["inline", "late", "pool"])
def test_warm_up_asks_the_handler(runner, caplog):
    app = Demijohn("x")
    asked = []

    @app.get("/<name>")
    def view(name):
        asked.append(name)
        return ("gone", 404) if name == "b" else name

    warm_up(handler_for(app), ("/a", "/b", "/a?again"), ServerOptions(runner=runner, threads=2, access_log=True))
    assert asked == ["a", "b", "a"]
    assert "The warm-up request for /b is answered with 404" in caplog.text
    assert "/a " not in caplog.text


def test_a_warm_up_that_fails_is_a_failed_boot():
    def app(environ, start_response):
        start_response("503 Not Yet", [])
        return []

    with pytest.raises(BootError, match="/x is answered with 503"):
        warm_up(handler_for(app), ("/x",), ServerOptions())


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="without /proc nobody can tell")
def test_memory():
    own = memory_of(os.getpid())
    assert own is not None
    assert 1 << 20 < own < 1 << 34
    assert memory_of(2**22 + 1) is None
