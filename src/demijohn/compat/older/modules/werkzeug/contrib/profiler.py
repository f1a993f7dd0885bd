"""What `werkzeug.contrib.profiler` had."""

from demijohn._base.older import warn_older
from demijohn.middleware.profiler import ProfilerMiddleware

warn_older("'werkzeug.contrib.profiler' was removed in Werkzeug 1.0. Use 'werkzeug.middleware.profiler'.")
