"""`Request` and `Response`, and what makes one of them: files, redirects, error responses.

Importing this package also tells `demijohn.http.errors` how to make responses of errors.
"""

from .error_response import error_response
from .filepolicy import FilePolicy
from .files import send_file, send_from_directory
from .redirect import append_slash_redirect, redirect
from .request import Request
from .response import Response
from .siblings import Siblings

__all__ = [
    "FilePolicy",
    "Request",
    "Response",
    "Siblings",
    "append_slash_redirect",
    "error_response",
    "redirect",
    "send_file",
    "send_from_directory",
]
