"""What `werkzeug.debug.tbtools` has, from its homes."""

from demijohn.debug.console import Console
from demijohn.debug.tbtools import DebugFrameSummary, DebugTraceback, render_console_html
from demijohn.message.properties import cached_property
