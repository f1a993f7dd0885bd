"""`Request` and `Response` as an application has them: the message types, plus routing, limits from the config, and debug help.

A request belongs to the thread that handles it.
"""

from typing import Any

from ..http.errors import BadRequest, HTTPException
from ..message.request import Request as MessageRequest
from ..message.response import Response as MessageResponse
from ..routing import Rule
from . import json
from .debughints import watch_missing_files
from .registry import blueprint_scopes
from .slot import current


class Request(MessageRequest):
    """The request an application handles; `app.request_class`. See `demijohn.message.request.Request` for the most of it."""

    json_module: Any = json

    url_rule: Rule | None = None
    """The rule that matched; `None` if none did, or before matching. Its `methods` tell what else would be allowed."""

    view_args: dict[str, Any] | None = None
    """What the rule's converters made of the path; `None` if no rule matched."""

    routing_exception: HTTPException | None = None
    """What matching ended in, if not in a rule: usually `NotFound`. Raised where the view would be called."""

    _max_content_length: int | None = None
    _max_form_memory_size: int | None = None
    _max_form_parts: int | None = None

    @property
    def max_content_length(self) -> int | None:
        """Bytes of body that are read before 413; by default `MAX_CONTENT_LENGTH`. May be set for this request."""
        limit: int | None = self._max_content_length
        if limit is None:
            ctx = current(None)
            limit = MessageRequest.max_content_length if ctx is None else ctx.app.config["MAX_CONTENT_LENGTH"]
        return limit

    @max_content_length.setter
    def max_content_length(self, value: int | None) -> None:
        self._max_content_length = value

    @property
    def max_form_memory_size(self) -> int | None:
        """Bytes a form field that is no file may have before 413; by default `MAX_FORM_MEMORY_SIZE`."""
        limit: int | None = self._max_form_memory_size
        if limit is None:
            ctx = current(None)
            limit = MessageRequest.max_form_memory_size if ctx is None else ctx.app.config["MAX_FORM_MEMORY_SIZE"]
        return limit

    @max_form_memory_size.setter
    def max_form_memory_size(self, value: int | None) -> None:
        self._max_form_memory_size = value

    @property
    def max_form_parts(self) -> int | None:
        """Parts a multipart form may have before 413; by default `MAX_FORM_PARTS`."""
        limit: int | None = self._max_form_parts
        if limit is None:
            ctx = current(None)
            limit = MessageRequest.max_form_parts if ctx is None else ctx.app.config["MAX_FORM_PARTS"]
        return limit

    @max_form_parts.setter
    def max_form_parts(self, value: int | None) -> None:
        self._max_form_parts = value

    @property
    def endpoint(self) -> str | None:
        """The endpoint of the rule that matched."""
        return None if self.url_rule is None else self.url_rule.endpoint

    @property
    def blueprint(self) -> str | None:
        """Name the blueprint of the endpoint was registered with, dotted if nested; `None` outside of blueprints."""
        endpoint = self.endpoint
        return endpoint.rpartition(".")[0] if endpoint is not None and "." in endpoint else None

    @property
    def blueprints(self) -> list[str]:
        """`blueprint` and those it is nested in, innermost first."""
        name = self.blueprint
        return [] if name is None else blueprint_scopes(name)

    @property
    def _has_cookies(self) -> bool:
        # PERF: no Headers object for a question that every request of an application with sessions asks.
        if self._made_from_environ:
            return "HTTP_COOKIE" in self.environ
        head = self._head
        return b"cookie" in (head._index or head.index)

    @property
    def _wants_upgrade(self) -> bool:
        if self._made_from_environ:
            return "HTTP_UPGRADE" in self.environ
        return b"upgrade" in self._head.index

    def _load_form_data(self) -> None:
        super()._load_form_data()
        ctx = current(None)
        if ctx is not None and ctx.app.debug and self.mimetype != "multipart/form-data" and not self.files:
            watch_missing_files(self)

    def on_json_loading_failed(self, e: ValueError | None) -> Any:
        """As the base, but only debug mode tells the client what was wrong with its JSON."""
        try:
            return super().on_json_loading_failed(e)
        except BadRequest as failure:
            ctx = current(None)
            if ctx is not None and ctx.app.debug:
                raise
            raise BadRequest from failure


class Response(MessageResponse):
    """The answer of an application; `app.response_class`. HTML unless it says otherwise."""

    default_mimetype: str | None = "text/html"
    json_module: Any = json
    autocorrect_location_header = False

    @property
    def max_cookie_size(self) -> int:  # type: ignore[override]  # a limit by config where the base has a constant
        """`MAX_COOKIE_SIZE`: `set_cookie` warns above it."""
        ctx = current(None)
        return MessageResponse.max_cookie_size if ctx is None else int(ctx.app.config["MAX_COOKIE_SIZE"])
