"""Supervises two workers whose boot does what the first argument says. Each worker that boots reports to the second."""

import logging
import os
import random
import sys

from demijohn.manage.supervisor.arbiter import Arbiter
from demijohn.manage.supervisor.plan import Loaded, Plan
from demijohn.manage.supervisor.policy import SupervisorPolicy


class Idle:
    """Serves nobody, until it is told to stop."""

    def __init__(self):
        self.read, self.write = os.pipe()

    def serve_forever(self):
        os.read(self.read, 1)

    def shutdown(self, *, is_patient=True):
        os.write(self.write, b"1")

    shutdown_now = shutdown


class Stubborn(Idle):
    """Does not care about being told."""

    def shutdown(self, *, is_patient=True):
        pass

    shutdown_now = shutdown


def boot(link):
    with open(sys.argv[2], "a") as report:
        report.write(f"{os.getpid()} {random.random()}\n")
    if what == "raise":
        raise LookupError("no database " + "far and wide " * 1000)
    if what == "exit":
        sys.exit(7)
    if what == "once":
        # One worker boots; the other fails for ever.
        try:
            os.close(os.open(sys.argv[2] + ".taken", os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            raise LookupError("only one of us") from None
    return Stubborn() if what == "stubborn" else Idle()


what = sys.argv[1]
logging.basicConfig(level=logging.INFO, format="%(message)s")
policy = SupervisorPolicy(graceful_timeout=0.2, quick_timeout=0.2, first_delay=0.01)
plan = Plan(lambda: Loaded(boot), policy, 2, drain_timeout=0.1 if what != "stubborn" else 60)
sys.exit(Arbiter(plan).run())
