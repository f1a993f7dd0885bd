"""What `flask.testing` has, from its homes."""

from demijohn.app.sessions import SessionMixin
from demijohn.manage.cli import ScriptInfo
from demijohn.message.request import Request as BaseRequest
from demijohn.testing import AppEnvironBuilder as EnvironBuilder
from demijohn.testing import DemijohnClient as FlaskClient
from demijohn.testing import DemijohnCliRunner as FlaskCliRunner
from demijohn.testing.wsgi_client import Client
