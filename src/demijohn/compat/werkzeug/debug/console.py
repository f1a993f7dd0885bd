"""What `werkzeug.debug.console` has, from its homes."""

import sys

from demijohn.debug.console import Console, _InteractiveConsole
from demijohn.debug.output import HTMLStringO, ThreadedStream
from demijohn.debug.repr import debug_repr, dump, helper

_displayhook = sys.displayhook
"""As it is outside of consoles; theirs show values by themselves."""
