"""Conditional requests (RFC 9110 §13): has what a client knows changed? And fields by kind: entity and hop-by-hop."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from .dates import dump_age, parse_age, parse_date, render_age
from .etag import ETags, generate_etag, parse_etags, quote_etag, unquote_etag
from .headers import Headers
from .ranges import parse_if_range_header

__all__ = [
    "dump_age",
    "generate_etag",
    "is_entity_header",
    "is_hop_by_hop_header",
    "is_representation_modified",
    "is_resource_modified",
    "parse_age",
    "parse_etags",
    "quote_etag",
    "remove_entity_headers",
    "remove_hop_by_hop_headers",
    "render_age",
    "unquote_etag",
]

_ENTITY: Final = frozenset(
    {
        "allow",
        "content-encoding",
        "content-language",
        "content-length",
        "content-location",
        "content-md5",
        "content-range",
        "content-type",
        "expires",
        "last-modified",
    }
)
_HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


def is_resource_modified(
    environ: Mapping[str, Any],  # Any: environs hold anything
    etag: str | None = None,
    data: bytes | None = None,
    last_modified: datetime | str | None = None,
    ignore_if_range: bool = True,
) -> bool:
    """Say whether a request, as a WSGI environ, needs the representation; see `is_representation_modified`.

    The method is not looked at.
    """
    get = environ.get
    return is_representation_modified(
        http_range=get("HTTP_RANGE"),
        http_if_range=get("HTTP_IF_RANGE"),
        http_if_modified_since=get("HTTP_IF_MODIFIED_SINCE"),
        http_if_none_match=get("HTTP_IF_NONE_MATCH"),
        http_if_match=get("HTTP_IF_MATCH"),
        etag=etag,
        data=data,
        last_modified=last_modified,
        ignore_if_range=ignore_if_range,
    )


def is_representation_modified(
    *,
    http_range: str | None = None,
    http_if_range: str | None = None,
    http_if_modified_since: str | None = None,
    http_if_none_match: str | None = None,
    http_if_match: str | None = None,
    etag: str | None = None,
    data: bytes | None = None,
    last_modified: datetime | str | None = None,
    ignore_if_range: bool = True,
) -> bool:
    """Say whether the conditions of a GET or HEAD call for the whole answer: True if so, False for 304, 412 or a part.

    Args:
        http_range: field values, `None` if missing; so are the next ones.
        http_if_range: see above.
        http_if_modified_since: see above.
        http_if_none_match: see above.
        http_if_match: see above.
        etag: the representation's tag, quoted or not.
        data: its bytes, to make the tag from.
        last_modified: when it changed; naive means UTC; seconds count.
        ignore_if_range: do not look at If-Range; else it takes the place of the others where there is a Range.

    Raises:
        TypeError: both `etag` and `data` were given.
    """
    if data is not None:
        if etag is not None:
            raise TypeError("Give the tag or the data that it is made from, not both.")
        etag = generate_etag(data)
    since = http_if_modified_since
    unmodified = False
    if_range = None
    if not ignore_if_range and http_range is not None:
        if_range = parse_if_range_header(http_if_range)
    modified_since = if_range.date if if_range is not None and if_range.date is not None else parse_date(since)
    if modified_since is not None:
        modified = _seconds(last_modified)
        unmodified = modified is not None and modified <= modified_since
    tag, is_weak = unquote_etag(etag)
    if not tag:
        return not unmodified
    if if_range is not None and if_range.etag is not None:
        # RFC 9110 §13.1.5: strong comparison; a weak tag on either side never matches.
        return if_range.is_weak or bool(is_weak) or if_range.etag != tag
    if http_if_none_match and (none_match := parse_etags(http_if_none_match)):
        unmodified = none_match.contains_weak(tag)
    if http_if_match and (match := parse_etags(http_if_match)):
        unmodified = not _matches_strongly(match, tag, is_weak=bool(is_weak))
    return not unmodified


def _matches_strongly(tags: ETags, tag: str, *, is_weak: bool) -> bool:
    # RFC 9110 §13.1.1: `*` is true of any representation that exists.
    return tags.star_tag or (not is_weak and tags.is_strong(tag))


def _seconds(moment: datetime | str | None) -> datetime | None:
    """Return an aware datetime without the part of a second that an HTTP-date cannot say."""
    if isinstance(moment, str):
        moment = parse_date(moment)
    if moment is None:
        return None
    return moment.replace(microsecond=0, tzinfo=moment.tzinfo or UTC)


def is_entity_header(header: str) -> bool:
    """Say whether a field describes the content (RFC 2616 §7.1's list)."""
    return header.lower() in _ENTITY


def is_hop_by_hop_header(header: str) -> bool:
    """Say whether a field is for one connection only, so that no application may set it (RFC 2616 §13.5.1's list)."""
    return header.lower() in _HOP_BY_HOP


def remove_entity_headers(
    headers: Headers | list[tuple[str, str]], allowed: Iterable[str] = ("expires", "content-location")
) -> None:
    """Remove fields that describe the content, in place, but for those `allowed`: what a 304 must not have."""
    kept = {name.lower() for name in allowed}
    headers[:] = [(name, value) for name, value in headers if (key := name.lower()) in kept or key not in _ENTITY]


def remove_hop_by_hop_headers(headers: Headers | list[tuple[str, str]]) -> None:
    """Remove fields that are for one connection only, in place."""
    headers[:] = [(name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP]
