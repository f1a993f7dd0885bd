"""The native door: an `Exchange` becomes a `Request`, the application's `Response` becomes the answer. No environ in between.

Here: taking answers of every shape to the exchange, and closing what was opened. Not here: anything about HTTP's meaning.
`handle` runs on whatever thread the server's runner chose; it keeps no state between requests.
"""

from typing import Protocol

from demijohn.message.request import Request
from demijohn.message.response import Response
from demijohn.seam import Exchange, FileSegment, Handler


class NativeApplication(Protocol):
    """What the native door asks of an application."""

    @property
    def request_class(self) -> type[Request]:
        """The class that requests are made of."""

    def respond(self, request: Request, /) -> Response:
        """Answer a request. What it raises is not the application's to answer: the server logs it and sends a 500."""


def native_handler(application: NativeApplication) -> Handler:
    """Return the handler that serves `application` without WSGI in between."""

    def handle(exchange: Exchange) -> None:
        request = application.request_class.from_exchange(exchange)
        response = application.respond(request)
        try:
            status, fields, body = response.prepare(request.method, lambda: request.base_url, lambda: request.environ)
        except BaseException:
            response.close()
            raise
        if type(body) is bytes:
            try:
                if body or request.method != "HEAD":
                    exchange.respond(status, fields, body)
                else:
                    # Not `respond`: that would claim a Content-Length of 0 for what GET answers with a stream.
                    exchange.stream(status, fields, ())
            finally:
                response.close()
        elif isinstance(body, FileSegment):
            exchange.send_file(status, fields, body)  # closing the file closes the response
        else:
            exchange.stream(status, fields, body)  # type: ignore[arg-type]  # bytes went the first way

    return handle
