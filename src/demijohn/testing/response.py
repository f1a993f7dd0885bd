"""`TestResponse`: what a test client returns."""

from collections.abc import Iterable
from typing import Any

from demijohn.http.headers import Headers
from demijohn.message.properties import cached_property
from demijohn.message.request import Request
from demijohn.message.response import Response


class TestResponse(Response):
    """A response together with the request it answers, and the responses that redirected to it."""

    __test__ = False  # not a class of tests, whatever pytest thinks of its name

    default_mimetype = None

    request: Request
    """The request that was answered; after redirects the last one."""

    history: tuple["TestResponse", ...]
    """The responses that were followed to this one, the first one first."""

    _body_start: int | None = None
    """Where the stream of the request's body stood, if it can be rewound."""

    _is_followed = False
    """It is a redirect that the client follows: the request's body may be needed again."""

    def __init__(
        self,
        response: Iterable[bytes],
        status: str,
        headers: Headers,
        request: Request,
        history: tuple["TestResponse", ...] = (),
        **kwargs: Any,  # Any: arguments of the response class
    ) -> None:
        super().__init__(response, status, headers, **kwargs)
        self.request = request
        self.history = history

    @cached_property
    def text(self) -> str:
        """The body as text."""
        return self.get_data(as_text=True)
