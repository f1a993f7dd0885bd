"""`ResponsePolicies`: fields of a response with a grammar of their own: caching, sets of names, credentials, policies.

Reading one gives an object; changing that object changes the field. The objects do not follow later changes of the field.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from demijohn.http.auth import WWWAuthenticate
from demijohn.http.cache_control import ResponseCacheControl, parse_cache_control_header
from demijohn.http.conditional import quote_etag, unquote_etag
from demijohn.http.csp import ContentSecurityPolicy, parse_csp_header
from demijohn.http.headerset import HeaderSet, parse_set_header
from demijohn.http.options import dump_header
from demijohn.http.ranges import ContentRange, parse_content_range_header

from .cross_origin import COEP, COOP
from .properties import header_property
from .response_headers import ResponseHeaders


class _HeaderValue(Protocol):
    def __bool__(self) -> bool: ...

    def to_header(self) -> str: ...


def _set_property(name: str, doc: str) -> property:
    """Make a property for a field that is a set of names."""

    def read(response: "ResponsePolicies") -> HeaderSet:
        return parse_set_header(response.headers.get(name), response._writer(name))

    def write(response: "ResponsePolicies", value: str | Iterable[str] | None) -> None:
        if not value:
            response.headers.pop(name, None)
        else:
            response.headers[name] = value if isinstance(value, str) else dump_header(value)

    return property(read, write, doc=doc)


def _policy_property(name: str) -> property:
    """Make a property for a field that is a content security policy."""

    def read(response: "ResponsePolicies") -> ContentSecurityPolicy:
        return parse_csp_header(response.headers.get(name), response._writer(name))

    def write(response: "ResponsePolicies", value: ContentSecurityPolicy | str | None) -> None:
        response._write(name, value)

    return property(
        read, write, doc=f"The {name} field; also there if it is not set. Set it to a policy, a text or `None`."
    )


class ResponsePolicies(ResponseHeaders):
    """Caching, ranges, credentials and what browsers may do."""

    def _writer(self, name: str) -> Callable[[Any], None]:  # Any: each header class calls it with itself
        """Return a callback that puts a changed header object into the field, or takes the field away if it is empty."""

        def write(value: _HeaderValue) -> None:
            self._write(name, value)

        return write

    def _write(self, name: str, value: Any) -> None:  # Any: a header object, a text or None
        if not value:
            self.headers.pop(name, None)
        else:
            self.headers[name] = value if isinstance(value, str) else value.to_header()

    vary = _set_property("Vary", "The request fields that the answer depends on; a set of names.")
    content_language = _set_property("Content-Language", "The languages of the audience; a set of tags.")
    allow = _set_property("Allow", "The methods the resource knows; a set. A 405 must have it (RFC 9110 §15.5.6).")

    @property
    def cache_control(self) -> ResponseCacheControl:
        """What caches may do with the answer."""
        return parse_cache_control_header(
            self.headers.get("Cache-Control"), self._writer("Cache-Control"), ResponseCacheControl
        )

    def set_etag(self, etag: str, weak: bool = False) -> None:
        """Set the ETag field; the quotes are added.

        Raises:
            ValueError: the text has a double quote in it.
        """
        self.headers["ETag"] = quote_etag(etag, weak)

    def get_etag(self) -> tuple[str, bool] | tuple[None, None]:
        """Return (etag, whether it is weak); (`None`, `None`) if there is none."""
        return unquote_etag(self.headers.get("ETag"))

    @property
    def content_range(self) -> ContentRange:
        """Which part of the resource the body is; also there if it is not set. Set it to a range, a text or `None`."""
        write = self._writer("Content-Range")
        parsed = parse_content_range_header(self.headers.get("Content-Range"), write)
        return ContentRange(None, None, None, on_update=write) if parsed is None else parsed

    @content_range.setter
    def content_range(self, value: ContentRange | str | None) -> None:
        self._write("Content-Range", value)

    @property
    def www_authenticate(self) -> WWWAuthenticate:
        """The first challenge; also there if it is not set. Set it to one, to a list of them, or `None`."""
        challenge = WWWAuthenticate.from_header(self.headers.get("WWW-Authenticate")) or WWWAuthenticate("basic")
        challenge._on_update = self._writer("WWW-Authenticate")
        return challenge

    @www_authenticate.setter
    def www_authenticate(self, value: WWWAuthenticate | list[WWWAuthenticate] | None) -> None:
        if not value:
            self.headers.pop("WWW-Authenticate", None)
        elif isinstance(value, list):
            self.headers.setlist("WWW-Authenticate", [one.to_header() for one in value])
        else:
            self.headers["WWW-Authenticate"] = value.to_header()
            value._on_update = self._writer("WWW-Authenticate")

    @www_authenticate.deleter
    def www_authenticate(self) -> None:
        self.headers.pop("WWW-Authenticate", None)

    content_security_policy = _policy_property("Content-Security-Policy")
    content_security_policy_report_only = _policy_property("Content-Security-Policy-Report-Only")

    @property
    def access_control_allow_credentials(self) -> bool:
        """Whether a browser may hand an answer to a request with credentials to scripts of the other origin."""
        return "Access-Control-Allow-Credentials" in self.headers

    @access_control_allow_credentials.setter
    def access_control_allow_credentials(self, value: bool | None) -> None:
        if value is True:
            self.headers["Access-Control-Allow-Credentials"] = "true"
        else:
            self.headers.pop("Access-Control-Allow-Credentials", None)

    access_control_allow_headers = header_property[HeaderSet](
        "Access-Control-Allow-Headers", None, parse_set_header, dump_header, doc="Fields a request may have (CORS)."
    )
    access_control_allow_methods = header_property[HeaderSet](
        "Access-Control-Allow-Methods", None, parse_set_header, dump_header, doc="Methods that may be used (CORS)."
    )
    access_control_allow_origin = header_property[str](
        "Access-Control-Allow-Origin", doc="The origin that may read the answer; `*` for any (CORS)."
    )
    access_control_expose_headers = header_property[HeaderSet](
        "Access-Control-Expose-Headers", None, parse_set_header, dump_header, doc="Fields scripts may read (CORS)."
    )
    access_control_max_age = header_property[int](
        "Access-Control-Max-Age", None, int, str, doc="Seconds a browser may keep these permissions (CORS)."
    )
    cross_origin_opener_policy = header_property[COOP](
        "Cross-Origin-Opener-Policy",
        COOP.UNSAFE_NONE,
        COOP,
        lambda policy: policy.value,
        doc="Whether windows of other origins share the browsing context group.",
    )
    cross_origin_embedder_policy = header_property[COEP](
        "Cross-Origin-Embedder-Policy",
        COEP.UNSAFE_NONE,
        COEP,
        lambda policy: policy.value,
        doc="Whether resources of other origins may be loaded without their consent.",
    )
