"""`InlineRunner`: handlers run on the polling thread, one after another. For applications that must not meet a second thread."""

from ..engine import Engine, Job


class InlineRunner:
    """I/O of all connections is multiplexed; while a handler runs, the others wait."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def submit(self, job: Job) -> bool:
        """See `Runner.submit`."""
        job.run()
        # Deadlines that are set from now on count from now, however long the handler took.
        self._engine.reactor.now = self._engine.clock.monotonic()
        job.complete()
        return True

    def serve(self) -> None:
        """Poll and run until the engine is stopped. The calling thread is the only one."""
        engine = self._engine
        turn = engine.reactor.turn
        while not engine.is_stopped:
            turn()

    def wake(self) -> None:
        """The reactor's own wake is enough."""

    def stop(self) -> None:
        """Nothing to stop: `serve` has returned."""
