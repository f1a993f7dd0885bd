"""The debugger: pages, texts and JSON of errors, with a console in each frame. For development only."""

from .console import Console as Console
from .memory import _ConsoleFrame as _ConsoleFrame
from .middleware import DebuggedApplication as DebuggedApplication
from .pin import PIN_TIME as PIN_TIME
from .pin import get_machine_id as get_machine_id
from .pin import get_pin_and_cookie_name as get_pin_and_cookie_name
from .pin import hash_pin as hash_pin
from .report import ErrorReport as ErrorReport
from .run import DebugRun as DebugRun
from .tbtools import DebugFrameSummary as DebugFrameSummary
from .tbtools import DebugTraceback as DebugTraceback
from .tbtools import render_console_html as render_console_html
