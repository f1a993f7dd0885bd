"""What `werkzeug.debug` has, from its homes."""

from demijohn.http.cookies import parse_cookie
from demijohn.http.errors import NotFound, SecurityError
from demijohn.http.host import host_is_trusted
from demijohn.http.security import gen_salt
from demijohn.message.files import send_file
from demijohn.message.request import Request
from demijohn.message.response import Response
