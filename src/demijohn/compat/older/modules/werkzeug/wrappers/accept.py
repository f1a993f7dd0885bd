"""What `werkzeug.wrappers.accept` had."""

from demijohn._base.older import warn_older
from demijohn.compat.older.mixins import AcceptMixin

warn_older(
    "'werkzeug.wrappers.accept' was removed in Werkzeug 2.1. Use 'werkzeug.wrappers', whose classes have it all."
)
