"""What `werkzeug.middleware.lint` has, from its homes."""

from demijohn.http.conditional import is_entity_header
from demijohn.http.headers import Headers
from demijohn.message.wsgi import FileWrapper
from demijohn.middleware.lint import ErrorStream, GuardedIterator, HTTPWarning, InputStream, LintMiddleware, WSGIWarning
