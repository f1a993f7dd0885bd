"""`TWINS`: the compiled dispatch of a request, for applications and requests whose steps nobody has replaced."""

from functools import partial
from typing import Final

from .._base.compiled import Twins
from .._base.sentinel import MISSING
from ..doors.native import NativeHandler
from ..http.headers import Headers
from ..message import response_body
from ..message.request import Request as MessageRequest
from ..message.response import Response as MessageResponse
from ..message.response_body import ResponseBody
from ..routing.matcher import Candidates, Matcher, Target
from ..routing.table import Map
from ..seam import RequestHead
from . import signals, slot
from .context import RequestContext
from .dispatch import AppDispatch
from .plan import EndpointPlan
from .requests import Response

_STEPS: Final = (
    *("full_dispatch_request", "preprocess_request", "dispatch_request", "finalize_request", "make_response"),
    *("process_response", "do_teardown_request", "do_teardown_appcontext"),
)
_PLAIN_STEPS: Final[dict[str, object]] = {
    **{name: getattr(AppDispatch, name) for name in _STEPS},
    "create_url_adapter": slot.plain_url_adapter,
}
"""With one of them replaced, everything is done in Python."""

TWINS: Final = Twins(
    "bind_app",
    {
        "AppDispatch": AppDispatch,
        "AppResponse": Response,
        "Candidates": Candidates,
        "EndpointPlan": EndpointPlan,
        "Head": RequestHead,
        "Headers": Headers,
        "Map": Map,
        "Matcher": Matcher,
        "NativeHandler": NativeHandler,
        "RequestContext": RequestContext,
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
        "OK": response_body._OK,
        "PLAIN_REQUEST": {"close": MessageRequest.close},
        "PLAIN_RESPONSE": {
            "__init__": ResponseBody.__init__,
            "_hands_over_itself": True,
            "close": ResponseBody.close,
            "prepare_block": MessageResponse.prepare_block,
        },
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
