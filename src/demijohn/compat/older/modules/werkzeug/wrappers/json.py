"""What `werkzeug.wrappers.json` had."""

from demijohn._base.older import warn_older
from demijohn.compat.older.mixins import JSONMixin

warn_older("'werkzeug.wrappers.json' was removed in Werkzeug 2.1. Use 'werkzeug.wrappers', whose classes have it all.")
