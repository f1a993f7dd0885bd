"""`Generations`: what the supervisor's workers are made of: an application, listeners, options; and the same anew at a reload.

Here: what a worker does from loading to its server. Not here: when workers are made (`supervisor/`).
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from ..doors.choose import handler_for
from ..serve import Listener, Server, ServerOptions
from ..serve.certificates import Certificates, GivenContext
from .appspec import AppSpec
from .control.answers import answers_of
from .hooks import HookedServer, Lifecycle, lifecycle_of
from .messages import own_handler
from .supervisor.link import WorkerLink
from .supervisor.patience import Supervision
from .supervisor.plan import Loaded, Plan, PlanError
from .supervisor.policy import SupervisorPolicy
from .warmup import warm_up

logger = logging.getLogger("demijohn.manage")

_GRACE: Final = 5.0
"""Seconds that a worker has beyond the time that its server may take to stop."""


@dataclass(frozen=True, slots=True)
class Renewed:
    """What a reload has found in the settings."""

    options: ServerOptions
    processes: int
    supervision: Supervision
    certificates: Certificates | GivenContext | None
    application: AppSpec | None = None
    """`None`: the same as before."""


class Generations:
    """Of one run. In the supervisor; `_load` and what follows run in the processes that it forks."""

    def __init__(
        self,
        application: Any,  # Any: a WSGI application, or an AppSpec
        listeners: Sequence[Listener],
        options: ServerOptions,
        processes: int,
        supervision: Supervision,
        renew: Callable[[], Renewed] | None = None,
    ) -> None:
        """Prepare. `renew` reads the settings anew, and raises a ValueError, TypeError or OSError if they cannot be used."""
        self._application = application
        self._listeners = list(listeners)
        self._options = options
        self._supervision = supervision
        self._renew = renew
        self._processes: int | None = processes

    def plan(self) -> Plan:
        """Return the plan of a generation by the settings as they were read last."""
        options = self._options
        policy = SupervisorPolicy.of(self._supervision.patience, options.stop_seconds + _GRACE)
        is_spec = isinstance(self._application, AppSpec)
        return Plan(
            partial(self._load, self._application, options, self._supervision),
            policy,
            self._processes,
            has_loader=is_spec and self._supervision.preload,
            drain_timeout=options.stop_seconds,
            files=self._supervision.files if is_spec else None,
        )

    def renewed_plan(self) -> Plan:
        """Read the settings anew, and return the plan of a generation by them.

        Raises:
            PlanError: they cannot be used.
        """
        if not isinstance(self._application, AppSpec):
            logger.info(
                "The application was loaded before its supervisor: a reload makes new workers, with the same code."
            )
        if self._renew is None:
            self._processes = None  # as many as somebody has asked for meanwhile
            return self.plan()
        try:
            found = self._renew()
        except (ValueError, TypeError, OSError) as error:
            raise PlanError(str(error)) from error
        self._options, self._supervision, self._processes = found.options, found.supervision, found.processes
        if found.application is not None:
            self._application = found.application
        for listener in self._listeners:
            if listener.certificates is not None and found.certificates is not None:
                listener.certificates = found.certificates
        return self.plan()

    # ------------------------------------------------------------------ in the loader, or in a worker

    def _load(
        self,
        where: Any,  # Any: a WSGI application, or an AppSpec
        options: ServerOptions,
        supervision: Supervision,
    ) -> Loaded:
        warmup = supervision.warmup
        if not isinstance(where, AppSpec):
            # Loaded long ago, and started, by the process that made this one.
            return Loaded(partial(self._boot, where, lifecycle_of(where), options, warmup))
        if not supervision.preload:
            application = where.load()
            handler_for(application)  # raises if it is none
            lifecycle = lifecycle_of(application)
            lifecycle.startup()
        else:
            from .forkaudit import ForkAudit  # PERF: asyncio comes with it

            with ForkAudit() as audit:
                application = where.load()
                handler_for(application)
                lifecycle = lifecycle_of(application)
                lifecycle.startup()
                lifecycle.before_fork()
            for finding in audit.findings():
                logger.warning("%s", finding)
            if free := audit.free_locks():
                logger.info("%s", free)
        return Loaded(partial(self._boot, application, lifecycle, options, warmup), lifecycle.shutdown)

    def _boot(
        self,
        application: Any,  # Any: see `__init__`; loaded
        lifecycle: Lifecycle,
        options: ServerOptions,
        warmup: Sequence[str],
        link: WorkerLink,
    ) -> HookedServer:
        """Make the server of a worker, in the worker."""
        if (own := own_handler()) is not None:
            own.start_writer(options.log_queue_bytes)
        lifecycle.worker_start()
        # Only now: what the application did when it started may have put middleware around it.
        handler = handler_for(application)
        warm_up(handler, warmup, options)
        listeners = [listener.for_process() for listener in self._listeners]

        def stop_listening() -> None:
            for listener in listeners:
                listener.close()

        server = Server(
            handler,
            listeners,
            options,
            on_drain=stop_listening,
            on_stuck=partial(link.replace_me, "a thread of it is stuck"),
            stats=None if link.slot is None else link.slot.stats,
            others=None if link.slot is None else link.slot.others,
        )
        link.queued = server.queued
        link.questions |= answers_of(server)
        return HookedServer(server, lifecycle.worker_stop)
