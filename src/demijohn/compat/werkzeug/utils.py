"""What `werkzeug.utils` has, from its homes."""

from demijohn._base.imports import ImportStringError, find_modules, import_string
from demijohn.http.errors import NotFound, RequestedRangeNotSatisfiable
from demijohn.http.headers import Headers
from demijohn.http.security import safe_join, secure_filename
from demijohn.message.files import send_file, send_from_directory
from demijohn.message.mediatype import get_content_type
from demijohn.message.properties import cached_property, environ_property, header_property
from demijohn.message.redirect import append_slash_redirect, redirect
from demijohn.message.wsgi import wrap_file
