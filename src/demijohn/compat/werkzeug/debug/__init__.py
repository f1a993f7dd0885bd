"""What `werkzeug.debug` has, from its homes."""

from demijohn.debug.console import Console
from demijohn.debug.memory import _ConsoleFrame
from demijohn.debug.middleware import DebuggedApplication
from demijohn.debug.pin import PIN_TIME, get_machine_id, get_pin_and_cookie_name, hash_pin
from demijohn.debug.tbtools import DebugFrameSummary, DebugTraceback, render_console_html
from demijohn.http.cookies import parse_cookie
from demijohn.http.errors import NotFound, SecurityError
from demijohn.http.host import host_is_trusted
from demijohn.http.security import gen_salt
from demijohn.message.files import send_file
from demijohn.message.request import Request
from demijohn.message.response import Response
