"""Test clients, builders of environs, and an exchange that records."""

from .builder import EnvironBuilder
from .client import Client, ClientRedirectError
from .cookies import Cookie
from .exchange import RecordingExchange
from .multipart_encode import encode_multipart, stream_encode_multipart
from .response import TestResponse
from .run import create_environ, run_wsgi_app

__all__ = [
    "Client",
    "ClientRedirectError",
    "Cookie",
    "EnvironBuilder",
    "RecordingExchange",
    "TestResponse",
    "create_environ",
    "encode_multipart",
    "run_wsgi_app",
    "stream_encode_multipart",
]
