"""`ResponseHeaders`: plain header fields of a response as attributes that can be read, set and deleted.

Fields with a grammar of their own (Cache-Control, Content-Range ...) are in response_policies.
"""

from datetime import UTC, datetime, timedelta

from demijohn.http.callbackdict import CallbackDict
from demijohn.http.dates import dump_age, http_date, parse_age, parse_date
from demijohn.http.options import dump_options_header, parse_options_header

from .properties import header_property
from .response_base import ResponseBase


class ResponseHeaders(ResponseBase):
    """Fields that are a text, a number or a date. `None` takes a text or number away."""

    content_type = header_property[str](
        "Content-Type", doc="The media type of the body with its parameters. Setting `mimetype` adds the charset."
    )
    content_length = header_property[int]("Content-Length", None, int, str, doc="The length of the body in bytes.")
    content_location = header_property[str](
        "Content-Location", doc="Another URL of what the body represents (RFC 9110 §8.7)."
    )
    content_encoding = header_property[str]("Content-Encoding", doc="The codings applied to the body, as in `gzip`.")
    content_md5 = header_property[str]("Content-MD5", doc="An MD5 of the body (RFC 1864).")
    location = header_property[str](
        "Location", doc="Where to go instead, or where the created resource is; may be an IRI, and relative."
    )
    accept_ranges = header_property[str]("Accept-Ranges", doc="`bytes` if ranges may be asked for, `none` if not.")
    age = header_property[timedelta | None](
        "Age",
        None,
        parse_age,
        dump_age,
        doc="How long ago a cache got this answer: a timedelta, or seconds when set.",
    )
    date = header_property[datetime | None]("Date", None, parse_date, http_date, doc="When the answer was made; UTC.")
    expires = header_property[datetime | None](
        "Expires", None, parse_date, http_date, doc="When the answer stops being fresh; UTC."
    )
    last_modified = header_property[datetime | None](
        "Last-Modified", None, parse_date, http_date, doc="When the resource changed last; UTC."
    )

    @property
    def mimetype_params(self) -> dict[str, str]:
        """The parameters of the media type. Changing the dict changes the field."""

        def write(parameters: CallbackDict[str, str]) -> None:
            self.headers["Content-Type"] = dump_options_header(self.mimetype, parameters)

        return CallbackDict(parse_options_header(self.headers.get("Content-Type", ""))[1], write)

    @property
    def retry_after(self) -> datetime | None:
        """When to try again. Set it to a time, or to seconds from now."""
        value = self.headers.get("Retry-After")
        if value is None:
            return None
        if value.isascii() and value.isdigit():
            try:
                return datetime.now(UTC) + timedelta(seconds=int(value))
            except (OverflowError, ValueError):
                return None
        return parse_date(value)

    @retry_after.setter
    def retry_after(self, value: datetime | int | str | None) -> None:
        if value is None:
            self.headers.pop("Retry-After", None)
        else:
            self.headers["Retry-After"] = http_date(value) if isinstance(value, datetime) else str(value)
