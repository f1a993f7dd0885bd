"""Existing Flask applications and extensions on demijohn, unchanged: `import flask` and `import werkzeug` served by this package.

For a program: `import demijohn.dropin; demijohn.dropin.install()` as its first lines, `python -m demijohn.dropin SCRIPT`, or
`demijohn run --drop-in APP`. For an environment: `demijohn drop-in install`. See docs/drop-in.md.
"""

from .finder import RealFlaskLoadedError, is_served
from .program import install

__all__ = ["RealFlaskLoadedError", "install", "is_served"]
