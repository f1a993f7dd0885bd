"""What `werkzeug.wrappers.etag` had."""

from demijohn._base.older import warn_older
from demijohn.compat.older.mixins import ETagRequestMixin, ETagResponseMixin

warn_older("'werkzeug.wrappers.etag' was removed in Werkzeug 2.1. Use 'werkzeug.wrappers', whose classes have it all.")
