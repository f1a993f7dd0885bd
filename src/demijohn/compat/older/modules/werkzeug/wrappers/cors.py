"""What `werkzeug.wrappers.cors` had."""

from demijohn._base.older import warn_older
from demijohn.compat.older.mixins import CORSRequestMixin, CORSResponseMixin

warn_older("'werkzeug.wrappers.cors' was removed in Werkzeug 2.1. Use 'werkzeug.wrappers', whose classes have it all.")
