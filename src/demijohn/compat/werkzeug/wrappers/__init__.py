"""What `werkzeug.wrappers` has, from its homes."""

from demijohn.message.request import Request
from demijohn.message.response import Response
from demijohn.message.response_body import ResponseStream
