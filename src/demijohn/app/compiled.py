"""`TWINS`: the compiled dispatch of a request, for applications and requests whose steps nobody has replaced."""

from collections.abc import Iterable
from functools import partial
from inspect import getattr_static
from typing import Final

from .._base.compiled import Twins
from .._base.sentinel import MISSING
from ..doors.native import NativeHandler
from ..http.headers import Headers
from ..message import response_body
from ..routing.matcher import Candidates, Matcher, Target
from ..routing.table import Map
from ..seam import Peer, RequestHead
from . import signals, slot
from .config import Config
from .context import RequestContext
from .dispatch import AppDispatch
from .plan import EndpointPlan
from .registry import HookList, Revision
from .requests import Request, Response

_STEPS: Final = (
    *("full_dispatch_request", "preprocess_request", "dispatch_request", "finalize_request", "make_response"),
    *("process_response", "do_teardown_request", "do_teardown_appcontext"),
)
_PLAIN_STEPS: Final[dict[str, object]] = {
    **{name: getattr(AppDispatch, name) for name in _STEPS},
    "create_url_adapter": slot.plain_url_adapter,
}
"""With one of them replaced, everything is done in Python."""

_NEW_REQUEST: Final[dict[str, object]] = {
    **dict.fromkeys(("_exchange", "_head", "method", "path", "routing_exception", "url_rule", "view_args")),
    "_made_from_environ": False,
}
_NEW_RESPONSE: Final[dict[str, object]] = {
    **dict.fromkeys(("_on_close", "headers", "response")),
    "_status": response_body._OK[0],
    "_status_code": response_body._OK[1],
    "direct_passthrough": False,
}
"""What the dict of a new one is a copy of. PERF: up to ten names are few enough for two more in the same room."""

_REQUEST_NAMES: Final = (
    *_NEW_REQUEST,
    "__init__",
    "__new__",
    "_after_response",
    "close",
    "environ",
    "files",
    "from_exchange",
)
_RESPONSE_NAMES: Final = (*_NEW_RESPONSE, "__init__", "__new__", "_hands_over_itself", "close", "prepare_block")


def _plain(kind: type, names: Iterable[str]) -> dict[str, object]:
    """What a class of requests or responses that is like ours has, or has not, by these names."""
    return {name: getattr_static(kind, name, MISSING) for name in names}


TWINS: Final = Twins(
    "bind_app",
    {
        "AppDispatch": AppDispatch,
        "AppResponse": Response,
        "Candidates": Candidates,
        "Config": Config,
        "EndpointPlan": EndpointPlan,
        "Head": RequestHead,
        "Headers": Headers,
        "HookList": HookList,
        "Map": Map,
        "Matcher": Matcher,
        "NativeHandler": NativeHandler,
        "Peer": Peer,
        "RequestContext": RequestContext,
        "Revision": Revision,
        "Target": Target,
    },
    {
        "ANSWERED": "answered",
        "APPCONTEXT_POPPED": signals.appcontext_popped.receivers,
        "APPCONTEXT_PUSHED": signals.appcontext_pushed.receivers,
        "APPCONTEXT_TEARING_DOWN": signals.appcontext_tearing_down.receivers,
        "CONTENT_LENGTH": response_body.CONTENT_LENGTH,
        "CONTENT_TYPE": response_body.CONTENT_TYPE,
        "COOKIE": b"cookie",
        "CURRENT": slot._cv_app,
        "EMPTY_TEXT": "",
        "GET_CURRENT": slot.current,
        "MISSING": MISSING,
        "NEW_REQUEST": _NEW_REQUEST,
        "NEW_RESPONSE": _NEW_RESPONSE,
        "PLAIN_REQUEST": _plain(Request, _REQUEST_NAMES),
        "PLAIN_RESPONSE": _plain(Response, _RESPONSE_NAMES),
        "PLAIN_STEPS": _PLAIN_STEPS,
        "REQUEST_FINISHED": signals.request_finished.receivers,
        "REQUEST_STARTED": signals.request_started.receivers,
        "REQUEST_TEARING_DOWN": signals.request_tearing_down.receivers,
        "STEP_NAMES": tuple(_PLAIN_STEPS),
        "TYPE_FIELDS": response_body._TYPE_FIELDS,
        "UPGRADE": b"upgrade",
        "partial": partial,
    },
)
