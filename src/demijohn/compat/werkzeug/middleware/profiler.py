"""What `werkzeug.middleware.profiler` has, from its homes."""

from demijohn.middleware.profiler import (  # type: ignore[attr-defined]  # tests replace it there
    Profile,
    ProfilerMiddleware,
)
