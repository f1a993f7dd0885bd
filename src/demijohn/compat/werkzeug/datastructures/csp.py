"""What `werkzeug.datastructures.csp` has, from its homes."""

from demijohn.http.callbackdict import CallbackDict
from demijohn.http.csp import ContentSecurityPolicy
