"""What `werkzeug.useragents` had."""

from demijohn._base.older import warn_older
from demijohn.compat.older.useragents import UserAgent

warn_older(
    "'werkzeug.useragents' was removed in Werkzeug 2.1. Use 'werkzeug.user_agent', or a parser such as ua-parser."
)
