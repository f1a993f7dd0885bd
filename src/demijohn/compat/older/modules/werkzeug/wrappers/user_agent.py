"""What `werkzeug.wrappers.user_agent` had."""

from demijohn._base.older import warn_older
from demijohn.compat.older.mixins import UserAgentMixin

warn_older(
    "'werkzeug.wrappers.user_agent' was removed in Werkzeug 2.1. Use 'werkzeug.wrappers', whose classes have it all."
)
