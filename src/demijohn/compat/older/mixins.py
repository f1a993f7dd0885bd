"""The mix-ins that requests and responses were put together of; the classes have it all now, so these add nothing."""

from typing import Any

from demijohn.message.request import Request


class AcceptMixin:
    """`accept_mimetypes` and its kin."""


class AuthorizationMixin:
    """`authorization`."""


class CORSRequestMixin:
    """`origin`, `access_control_request_headers`."""


class CommonRequestDescriptorsMixin:
    """`content_type`, `mimetype`, `referrer`."""


class ETagRequestMixin:
    """`if_none_match`, `range`."""


class UserAgentMixin:
    """`user_agent`."""


class CORSResponseMixin:
    """`access_control_allow_origin`."""


class CommonResponseDescriptorsMixin:
    """`mimetype`, `location`, `vary`."""


class ETagResponseMixin:
    """`set_etag`, `make_conditional`."""


class ResponseStreamMixin:
    """`stream`."""


class WWWAuthenticateMixin:
    """`www_authenticate`."""


class JSONMixin:
    """`json`, `get_json`."""


class StreamOnlyMixin:
    """The form is not parsed: the body is for `stream`."""

    want_form_data_parsed: Any = False  # Any: a property elsewhere


class PlainRequest(StreamOnlyMixin, Request):
    """A request whose form is not parsed."""
