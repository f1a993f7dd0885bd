"""Test clients, builders of environs, and an exchange that records."""

from .builder import AppEnvironBuilder
from .client import DemijohnClient
from .clirunner import DemijohnCliRunner
from .cookies import Cookie
from .environ_builder import EnvironBuilder
from .exchange import RecordingExchange
from .multipart_encode import encode_multipart, stream_encode_multipart
from .response import TestResponse
from .run import create_environ, run_wsgi_app
from .wsgi_client import Client, ClientRedirectError

__all__ = [
    "AppEnvironBuilder",
    "Client",
    "ClientRedirectError",
    "Cookie",
    "DemijohnCliRunner",
    "DemijohnClient",
    "EnvironBuilder",
    "RecordingExchange",
    "TestResponse",
    "create_environ",
    "encode_multipart",
    "run_wsgi_app",
    "stream_encode_multipart",
]
