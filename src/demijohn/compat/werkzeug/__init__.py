"""What `werkzeug` has, from its homes."""

from demijohn.manage.devserver import run_simple
from demijohn.message.request import Request
from demijohn.message.response import Response
from demijohn.testing.wsgi_client import Client
