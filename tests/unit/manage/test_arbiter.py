"""What the arbiter keeps books of; what it does is tested with real processes in tests/process."""

import os
import signal

import pytest

from demijohn.manage.supervisor.arbiter import Arbiter
from demijohn.manage.supervisor.plan import Loaded, Plan
from demijohn.manage.supervisor.policy import SupervisorPolicy
from demijohn.manage.supervisor.table import WorkerTable


class Brief:
    """Serves nobody, and ends as soon as it is told."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()

    def serve_forever(self):
        os.read(self._reader, 1)

    def shutdown(self, *, is_patient=True):
        os.write(self._writer, b"x")

    shutdown_now = shutdown


@pytest.mark.parametrize("settle_seconds", [0.0, 60.0], ids=["replaced at once", "replaced after a delay"])
def test_each_death_of_a_worker_is_counted(monkeypatch, settle_seconds):
    empty = WorkerTable.empty
    monkeypatch.setattr(WorkerTable, "empty", lambda wanted, **more: empty(wanted, settle_seconds, **more))
    plan = Plan(lambda: Loaded(lambda link: Brief()), SupervisorPolicy(first_delay=0.001), 2)
    arbiter = Arbiter(plan)
    killed = []

    def look(before, after):
        if any(one.pid in killed for one in after.workers):
            return  # not reaped yet
        if len(killed) == 3:
            if not after.stop_requests:
                arbiter.stop()
        elif len(after.workers) == 2 and all(one.state.name == "SERVING" for one in after.workers):
            killed.append(after.workers[0].pid)
            os.kill(killed[-1], signal.SIGKILL)

    arbiter.on_change = look
    assert arbiter.run() == 0
    assert arbiter.board.head.restarts == 3
