"""What `werkzeug.wrappers.auth` had."""

from demijohn._base.older import warn_older
from demijohn.compat.older.mixins import AuthorizationMixin, WWWAuthenticateMixin

warn_older("'werkzeug.wrappers.auth' was removed in Werkzeug 2.1. Use 'werkzeug.wrappers', whose classes have it all.")
