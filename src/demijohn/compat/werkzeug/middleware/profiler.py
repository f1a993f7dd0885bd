"""What `werkzeug.middleware.profiler` has, from its homes."""

from demijohn.middleware.profiler import ProfilerMiddleware
