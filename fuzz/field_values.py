"""Harness: any text as a field value, a query or a URL.

INVARIANT: none of these parsers raises, whatever the text: cookies, options, lists, dictionaries, accept, cache control, ranges,
entity tags, authorization, forwarded, dates, queries, IRIs. What a parser read and its renderer wrote is read again as the
same. A URI is ASCII and is a fixed point. A cookie's name and value hold no `;`. A joined path stays inside.

The first byte chooses the parser.
"""

import json
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

from demijohn.http import (
    accept,
    auth,
    cache_control,
    cookies,
    csp,
    dates,
    etag,
    forwarded,
    headerset,
    options,
    ranges,
    urls,
)
from demijohn.http.host import get_host, host_is_trusted
from demijohn.http.security import safe_join, secure_filename

MAX_LEN = 512

CORPUS = Path(__file__).parents[1] / "tests" / "corpus"


OFFERS = {
    accept.Accept: ["a", "b"],
    accept.MIMEAccept: ["text/html", "application/json;v=1"],
    accept.LanguageAccept: ["en", "de-AT"],
    accept.CharsetAccept: ["utf-8", "latin-1"],
}


def check_cookies(text: str) -> None:
    pairs = list(cookies.parse_cookie(text).items(multi=True))
    for name, value in pairs:
        assert name
        assert "\n" not in cookies.dump_cookie("a", value)
    again = "; ".join(cookies.dump_cookie(name, value, path=None) for name, value in pairs if is_cookie_name(name))
    assert list(cookies.parse_cookie(again).items(multi=True)) == [
        (name, value) for name, value in pairs if is_cookie_name(name)
    ]


def is_cookie_name(name: str) -> bool:
    return name.isascii() and name.isprintable() and not set(name) & set('";,= \\')


def check_options(text: str) -> None:
    value, parsed = options.parse_options_header(text)
    assert value == value.strip()
    for key in parsed:
        assert key == key.lower()


def check_lists(text: str) -> None:
    items = options.parse_list_header(text)
    assert options.parse_list_header(options.render_list_header(items)) == items
    options.parse_dict_header(text)
    found = headerset.parse_set_header(text)
    assert all(item in found for item in items if item)


def check_accept(text: str) -> None:
    for cls, offers in OFFERS.items():
        parsed = accept.parse_accept_header(text, cls)
        parsed.best_match(offers)
        assert all(0 <= quality <= 1 for _, quality in parsed)


def check_control(text: str) -> None:
    control = cache_control.parse_cache_control_header(text)
    str(control)
    csp.parse_csp_header(text)
    dates.parse_date(text)
    dates.parse_age(text)


def check_conditions(text: str) -> None:
    for length in (0, 10):
        found = ranges.parse_range_header(text)
        if found is not None:
            bounds = found.range_for_length(length)
            assert bounds is None or 0 <= bounds[0] < bounds[1] <= length
    ranges.parse_content_range_header(text)
    ranges.parse_if_range_header(text)
    tags = etag.parse_etags(text)
    assert etag.parse_etags(tags.to_header()).to_header() is not None
    etag.unquote_etag(text)


def check_authorization(text: str) -> None:
    auth.parse_authorization(text)
    auth.parse_www_authenticate(text)
    elements = forwarded.parse_forwarded(text)
    if elements:
        assert forwarded.parse_forwarded(forwarded.render_forwarded(elements)) == elements


def check_urls(text: str) -> None:
    pairs = urls.decode_query(text)
    urls.decode_query(text.encode("latin-1"))
    assert (
        urls.decode_query(urls.encode_query(pairs)) == [pair for pair in pairs if pair != ("", "")] or ("", "") in pairs
    )
    try:
        uri = urls.iri_to_uri(text)
    except ValueError:
        return
    assert uri.isascii()
    assert urls.iri_to_uri(uri) == uri
    urls.uri_to_iri(uri)


def check_hosts(text: str) -> None:
    host_is_trusted(text, ["a", ".b"])
    get_host("http", text)
    joined = safe_join("/base", text)
    assert joined is None or joined == "/base" or joined.startswith("/base/")
    assert joined is None or "/../" not in joined + "/"
    name = secure_filename(text)
    assert name.isascii() and not set(name) & set("/\\\0")


CHECKS: tuple[Callable[[str], None], ...] = (
    check_cookies,
    check_options,
    check_lists,
    check_accept,
    check_control,
    check_conditions,
    check_authorization,
    check_urls,
    check_hosts,
)


def check(data: bytes) -> None:
    if data:
        CHECKS[data[0] % len(CHECKS)](data[1:].decode("latin-1"))


TEXTS = (
    'form-data; name="a\\"b"; filename*=UTF-8\'\'%e2%82%ac; x*0*=utf-8\'\'a; x*1="b"',
    'a, "b\\"c", d=e, f="g, h"',
    "bytes=0-4,-5,6-",
    "bytes 0-1/2",
    'W/"a", "b", *',
    "Basic YTpi",
    'Digest username="a", nonce="b", qop=auth',
    'for="[::1]:80";proto=https, for=_x',
    'max-age=5, no-cache="a, b", s-maxage=x',
    "default-src 'self'; img-src *",
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "a=b&c=%e2%82%ac&d=%ff&=&&e",
    "//a:b@h:1/%2e%2e/..;?#",
    "../../etc/passwd",
    "..\\con.txt",
)


def seeds() -> Iterator[bytes]:
    texts = list(TEXTS)
    for name in ("accept", "cookies", "accept_grammar", "set_cookies"):
        cases = tomllib.loads((CORPUS / "fields" / f"{name}.toml").read_text())["case"]
        texts += [str(case.get("field", "")) for case in cases]
    texts += [case["iri"] for case in json.loads((CORPUS / "urls" / "iris.json").read_text())["to_uri"]]
    for text in texts:
        for number in range(len(CHECKS)):
            yield bytes([number]) + text.encode("utf-8", "surrogatepass")[: MAX_LEN - 1]
