"""The warning about an older name, at the line that uses it. Any thread."""

import importlib
import os
import sys
import warnings
from typing import Final

_PASSED_OVER: Final = (os.path.dirname(os.path.dirname(__file__)) + "/", "<frozen importlib", str(importlib.__file__))
"""Where files begin that only pass on what somebody else asks for."""


def warn_older(message: str) -> None:
    """Warn at the first caller that is neither this package nor the import system: who uses the name, however it got here."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PASSED_OVER):
        frame = frame.f_back
    scope = frame.f_globals
    warnings.warn_explicit(
        message,
        DeprecationWarning,
        frame.f_code.co_filename,
        frame.f_lineno,
        scope.get("__name__", "<unknown>"),
        scope.setdefault("__warningregistry__", {}),
    )
