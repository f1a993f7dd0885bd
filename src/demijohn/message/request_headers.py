"""`RequestHeaders`: plain header fields of a request as values. Each is parsed at first touch; bad input gives an empty value.

Fields with a grammar of their own (Accept, If-Match, Range ...) are in request_negotiation.
"""

from datetime import datetime

from demijohn.http.cookies import parse_cookie
from demijohn.http.dates import parse_date
from demijohn.http.forwarded import parse_forwarded
from demijohn.http.multidict import MultiDict
from demijohn.http.options import parse_list_header, parse_options_header
from demijohn.http.stream import parse_content_length

from .mediatype import is_json_type
from .properties import cached_property, header_property
from .request_target import RequestTarget
from .user_agent import UserAgent


class RequestHeaders(RequestTarget):
    """Fields that are a text, a number or a date. All of them are read-only."""

    content_type = header_property[str](
        "Content-Type", doc="The media type of the body with its parameters, as sent.", read_only=True
    )
    content_encoding = header_property[str](
        "Content-Encoding", doc="The codings the body went through, as sent. Nothing is decoded here.", read_only=True
    )
    content_md5 = header_property[str]("Content-MD5", doc="An MD5 of the body (RFC 1864), unchecked.", read_only=True)
    referrer = header_property[str]("Referer", doc="The page the client came from, as it says.", read_only=True)
    origin = header_property[str]("Origin", doc="The origin of a cross-origin request.", read_only=True)
    date = header_property[datetime | None](
        "Date", None, parse_date, doc="When the client made the request, aware, UTC.", read_only=True
    )
    max_forwards = header_property[int](
        "Max-Forwards", None, int, doc="How many proxies may pass TRACE or OPTIONS on.", read_only=True
    )
    access_control_request_method = header_property[str](
        "Access-Control-Request-Method", doc="The method a browser asks permission for (CORS).", read_only=True
    )
    sec_fetch_site = header_property[str](
        "Sec-Fetch-Site",
        doc="How the page that made the request relates to this site: same-origin, same-site, cross-site, none.",
        read_only=True,
    )
    sec_fetch_mode = header_property[str](
        "Sec-Fetch-Mode",
        doc="The mode of the request: navigate, cors, no-cors, same-origin, websocket.",
        read_only=True,
    )
    sec_fetch_dest = header_property[str](
        "Sec-Fetch-Dest", doc="What the answer is for: document, image, script, empty ...", read_only=True
    )

    @property
    def sec_fetch_user(self) -> bool:
        """Whether a user's act, a click for example, caused the navigation."""
        return self.headers.get("Sec-Fetch-User") == "?1"

    @cached_property
    def content_length(self) -> int | None:
        """The length of the body as announced; `None` if it is chunked or there is none."""
        headers = self.headers
        return parse_content_length(headers.get("Content-Length"), headers.get("Transfer-Encoding"))

    @cached_property
    def _parsed_content_type(self) -> tuple[str, dict[str, str]]:
        return parse_options_header(self.headers.get("Content-Type", ""))

    @property
    def mimetype(self) -> str:
        """The media type in lower case, without parameters; empty if there is none."""
        return self._parsed_content_type[0].lower()

    @property
    def mimetype_params(self) -> dict[str, str]:
        """The parameters of the media type, such as `charset`."""
        return self._parsed_content_type[1]

    @property
    def is_json(self) -> bool:
        """Whether the media type is `application/json` or `application/*+json`."""
        return is_json_type(self.mimetype)

    @cached_property
    def cookies(self) -> MultiDict[str, str]:
        """The cookies, in the order they were sent; `dict_storage_class` is their class."""
        text: str | None
        if self._made_from_environ:
            text = self.environ.get("HTTP_COOKIE")
        else:
            head = self._head
            sent = (head._index or head.index).get(b"cookie")
            text = None if sent is None else sent.decode("latin-1")
        return parse_cookie(text, cls=self.dict_storage_class)

    @cached_property
    def access_route(self) -> list[str]:
        """The client's address and those of the proxies, as `X-Forwarded-For` says, or without it `Forwarded` (RFC 7239).

        SECURITY: anybody can send these, unless the server is told whom to believe (`ServerOptions.forwarded`).
        """
        listed = self.headers.get("X-Forwarded-For")
        if listed is not None:
            return self.list_storage_class(parse_list_header(listed))
        elements = parse_forwarded(self.headers.get("Forwarded"))
        if elements:
            nodes = [element.for_.name for element in elements if element.for_ is not None]
            if nodes:
                return self.list_storage_class(nodes)
        return self.list_storage_class([] if self.remote_addr is None else [self.remote_addr])

    @cached_property
    def user_agent(self) -> UserAgent:
        """The client's program, as it says; `user_agent.string` is the field."""
        return self.user_agent_class(self.headers.get("User-Agent", ""))
