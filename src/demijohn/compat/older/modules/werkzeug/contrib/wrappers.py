"""What `werkzeug.contrib.wrappers` had that requests have not got themselves."""

from demijohn._base.older import warn_older
from demijohn.compat.older.mixins import JSONMixin as JSONRequestMixin

warn_older("'werkzeug.contrib.wrappers' was removed in Werkzeug 1.0. 'werkzeug.wrappers.Request' has `json` itself.")
