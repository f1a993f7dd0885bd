"""What `werkzeug.contrib.lint` had."""

from demijohn._base.older import warn_older
from demijohn.middleware.lint import HTTPWarning, LintMiddleware, WSGIWarning

warn_older("'werkzeug.contrib.lint' was removed in Werkzeug 1.0. Use 'werkzeug.middleware.lint'.")
