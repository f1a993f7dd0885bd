"""`RequestNegotiation`: what a client accepts, has already, wants a part of, and who it is: fields with a grammar of their own.

Each is parsed at first touch; a missing or bad field gives an empty object, or `None` where it says so.
"""

from datetime import datetime

from demijohn.http.accept import Accept, CharsetAccept, LanguageAccept, MIMEAccept, parse_accept_header
from demijohn.http.auth import Authorization
from demijohn.http.cache_control import RequestCacheControl, parse_cache_control_header
from demijohn.http.conditional import parse_etags
from demijohn.http.dates import parse_date
from demijohn.http.etag import ETags
from demijohn.http.headerset import HeaderSet, parse_set_header
from demijohn.http.ranges import IfRange, Range, parse_if_range_header, parse_range_header

from .properties import cached_property, header_property
from .request_headers import RequestHeaders


class RequestNegotiation(RequestHeaders):
    """Accept, conditions, ranges, credentials."""

    @cached_property
    def accept_mimetypes(self) -> MIMEAccept:
        """The media types the client takes, best first."""
        return parse_accept_header(self.headers.get("Accept"), MIMEAccept)

    @cached_property
    def accept_charsets(self) -> CharsetAccept:
        """The charsets the client takes, best first."""
        return parse_accept_header(self.headers.get("Accept-Charset"), CharsetAccept)

    @cached_property
    def accept_encodings(self) -> Accept:
        """The content codings the client takes, best first."""
        return parse_accept_header(self.headers.get("Accept-Encoding"))

    @cached_property
    def accept_languages(self) -> LanguageAccept:
        """The languages the client's user takes, best first."""
        return parse_accept_header(self.headers.get("Accept-Language"), LanguageAccept)

    @cached_property
    def cache_control(self) -> RequestCacheControl:
        """What the client says to caches on the way."""
        return parse_cache_control_header(self.headers.get("Cache-Control"), None, RequestCacheControl)

    @cached_property
    def pragma(self) -> HeaderSet:
        """The Pragma field, of HTTP/1.0."""
        return parse_set_header(self.headers.get("Pragma", ""))

    @cached_property
    def if_match(self) -> ETags:
        """The versions one of which the resource must still be."""
        return parse_etags(self.headers.get("If-Match"))

    @cached_property
    def if_none_match(self) -> ETags:
        """The versions the client has already."""
        return parse_etags(self.headers.get("If-None-Match"))

    @cached_property
    def if_modified_since(self) -> datetime | None:
        """The time of the version the client has, aware, UTC."""
        return parse_date(self.headers.get("If-Modified-Since"))

    @cached_property
    def if_unmodified_since(self) -> datetime | None:
        """The time after which the resource must not have changed, aware, UTC."""
        return parse_date(self.headers.get("If-Unmodified-Since"))

    @cached_property
    def if_range(self) -> IfRange:
        """The version whose part the client has: an ETag or a date; another version is wanted whole."""
        return parse_if_range_header(self.headers.get("If-Range"))

    @cached_property
    def range(self) -> Range | None:
        """The part of the resource that the client wants; `None` if it wants all, or says it badly."""
        return parse_range_header(self.headers.get("Range"))

    @cached_property
    def authorization(self) -> Authorization | None:
        """The credentials; `None` if there are none or they are malformed. SECURITY: unchecked."""
        return Authorization.from_header(self.headers.get("Authorization"))

    access_control_request_headers = header_property[HeaderSet](
        "Access-Control-Request-Headers",
        load_func=parse_set_header,
        doc="The fields a browser asks permission for (CORS).",
        read_only=True,
    )
