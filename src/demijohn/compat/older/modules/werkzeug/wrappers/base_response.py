"""What `werkzeug.wrappers.base_response` had."""

from demijohn._base.older import warn_older
from demijohn.message.response import Response as BaseResponse

warn_older(
    "'werkzeug.wrappers.base_response' was removed in Werkzeug 2.1. Use 'werkzeug.wrappers', whose classes have it all."
)
