import time
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from demijohn.http.dates import dump_age, http_date, parse_age, parse_date

MOMENT = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "sun, 6 nov 1994 8:49:37 gmt",
        "Mon, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 -0000",
        "Sun, 06 Nov 1994 08:49:37",
    ],
)
def test_rfc9110_s5_6_7_parse_date(text):
    parsed = parse_date(text)
    assert parsed == MOMENT
    assert parsed.utcoffset() == timedelta()


def test_parse_date_keeps_an_offset():
    assert parse_date("Sun, 06 Nov 1994 08:49:37 +0200").utcoffset() == timedelta(hours=2)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "x",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:60 GMT",
        "Sun, 06 Xxx 1994 08:49:37 GMT",
        "Sun, 06 Nov 99999999999999999999 08:49:37 GMT",
        "Sun, 06 Nov " + "9" * 5000 + " 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT" + " " * 300,
    ],
)
def test_no_dates(text):
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (1.9, "Thu, 01 Jan 1970 00:00:01 GMT"),
        (-0.5, "Wed, 31 Dec 1969 23:59:59 GMT"),
        (MOMENT, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (MOMENT.replace(tzinfo=None, microsecond=999_999), "Sun, 06 Nov 1994 08:49:37 GMT"),
        (MOMENT.astimezone(timezone(timedelta(hours=-5))), "Sun, 06 Nov 1994 08:49:37 GMT"),
        (date(33, 1, 1), "Sat, 01 Jan 0033 00:00:00 GMT"),
        (datetime(1, 1, 1), "Mon, 01 Jan 0001 00:00:00 GMT"),
        (time.gmtime(784111777), "Sun, 06 Nov 1994 08:49:37 GMT"),
    ],
)
def test_http_date(moment, text):
    assert http_date(moment) == text


def test_http_date_of_now():
    before = datetime.now(UTC).replace(microsecond=0)
    assert before <= parse_date(http_date()) <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("5", timedelta(seconds=5)),
        ("0", timedelta()),
        ("-5", None),
        ("x", None),
        ("", None),
        (None, None),
        ("9" * 17, None),
        ("9" * 5000, None),
    ],
)
def test_parse_age(text, age):
    assert parse_age(text) == age


def test_dump_age():
    assert dump_age(None) is None
    assert dump_age(5) == "5"
    assert dump_age(timedelta(days=1, milliseconds=900)) == "86400"
    with pytest.raises(ValueError, match="not below 0"):
        dump_age(-1)
