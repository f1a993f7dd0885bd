"""What `flask.wrappers` has, from its homes."""

from demijohn.app.globals import current_app
from demijohn.app.requests import Request, Response
from demijohn.http.error_base import HTTPException
from demijohn.http.errors import BadRequest
from demijohn.message.request import Request as RequestBase
from demijohn.message.response import Response as ResponseBase
