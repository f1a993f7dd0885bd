"""The debugger: pages, texts and JSON of errors, with a console in each frame. For development only."""

from .report import ErrorReport as ErrorReport
