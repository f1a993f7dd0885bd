"""Where a handler runs: on the polling thread, on it with late promotion, or in a pool.

A runner's `serve` drives the reactor until the server is stopped; the calling thread stays in it all that time.
"""

from ..engine import Engine
from .inline import InlineRunner
from .late import LateRunner
from .pool import PoolRunner

__all__ = ["InlineRunner", "LateRunner", "PoolRunner", "make_runner"]


def make_runner(engine: Engine) -> InlineRunner | LateRunner | PoolRunner:
    """Make the runner that the options name."""
    options = engine.options
    if options.runner == "inline":
        return InlineRunner(engine)
    if options.runner == "pool":
        return PoolRunner(engine, options.threads)
    return LateRunner(engine, options.threads, options.promote_after_ms / 1000, options.hand_over_after_ms / 1000)
