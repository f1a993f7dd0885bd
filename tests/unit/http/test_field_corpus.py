"""Fields as real clients send them."""

import tomllib
from pathlib import Path

import pytest

from demijohn.http.accept import MIMEAccept, parse_accept_header
from demijohn.http.cookies import parse_cookie

CORPUS = Path(__file__).parents[2] / "corpus" / "fields"
PAGE = ["text/plain", "text/html"]
DATA = ["application/json", "application/xml"]
PICTURE = ["image/png", "image/jpeg", "image/webp"]


def cases(name):
    return tomllib.loads((CORPUS / name).read_text(encoding="utf-8"))["case"]


@pytest.mark.parametrize("case", cases("accept.toml"), ids=lambda case: case["client"])
def test_accept(case):
    accept = parse_accept_header(case["field"], MIMEAccept)
    best = {
        name: accept.best_match(offered, "") for name, offered in (("page", PAGE), ("data", DATA), ("picture", PICTURE))
    }
    assert best == {name: case[name] for name in best}
    assert parse_accept_header(accept.to_header(), MIMEAccept) == accept


@pytest.mark.parametrize("case", cases("cookies.toml"), ids=lambda case: case["origin"])
def test_cookies(case):
    cookies = parse_cookie(case["field"])
    expected = [tuple(pair) for pair in case["pairs"]]
    assert sorted(cookies.items(multi=True)) == sorted(expected)
    for name in dict(expected):
        assert cookies.getlist(name) == [value for other, value in expected if other == name]
