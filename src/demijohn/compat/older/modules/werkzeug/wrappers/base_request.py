"""What `werkzeug.wrappers.base_request` had."""

from demijohn._base.older import warn_older
from demijohn.message.request import Request as BaseRequest

warn_older(
    "'werkzeug.wrappers.base_request' was removed in Werkzeug 2.1. Use 'werkzeug.wrappers', whose classes have it all."
)
