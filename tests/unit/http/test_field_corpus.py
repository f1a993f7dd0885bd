"""Fields as real clients send them, and case by case of their grammars."""

import tomllib
from pathlib import Path

import pytest

from demijohn.http.accept import Accept, CharsetAccept, LanguageAccept, MIMEAccept, parse_accept_header
from demijohn.http.cookies import dump_cookie, parse_cookie

CORPUS = Path(__file__).parents[2] / "corpus" / "fields"
PAGE = ["text/plain", "text/html"]
DATA = ["application/json", "application/xml"]
PICTURE = ["image/png", "image/jpeg", "image/webp"]
KINDS = {"mime": MIMEAccept, "language": LanguageAccept, "charset": CharsetAccept, "plain": Accept}


def cases(name):
    return tomllib.loads((CORPUS / name).read_text(encoding="utf-8"))["case"]


def origin(case):
    return case["origin"]


@pytest.mark.parametrize("case", cases("accept.toml"), ids=lambda case: case["client"])
def test_accept(case):
    accept = parse_accept_header(case["field"], MIMEAccept)
    best = {
        name: accept.best_match(offered, "") for name, offered in (("page", PAGE), ("data", DATA), ("picture", PICTURE))
    }
    assert best == {name: case[name] for name in best}
    assert parse_accept_header(accept.to_header(), MIMEAccept) == accept


@pytest.mark.parametrize("case", cases("accept_grammar.toml"), ids=origin)
def test_accept_grammar(case):
    kind = KINDS[case["kind"]]
    accept = parse_accept_header(case["field"], kind)
    assert accept.best_match(case["offered"], "") == case["best"]
    assert list(accept.values()) == case.get("values", list(accept.values()))
    again = parse_accept_header(accept.to_header(), kind)
    assert again == accept
    assert again.best_match(case["offered"], "") == case["best"]


@pytest.mark.parametrize("case", cases("cookies.toml"), ids=origin)
def test_cookies(case):
    cookies = parse_cookie(case["field"])
    expected = [tuple(pair) for pair in case["pairs"]]
    assert sorted(cookies.items(multi=True)) == sorted(expected)
    for name in dict(expected):
        assert cookies.getlist(name) == [value for other, value in expected if other == name]


@pytest.mark.parametrize("case", cases("set_cookies.toml"), ids=origin)
def test_set_cookies(case):
    arguments = {key: None if value == {"none": True} else value for key, value in case["arguments"].items()}
    if case["field"] == "ValueError":
        with pytest.raises(ValueError, match=r"cookie|SameSite"):
            dump_cookie(**arguments)
        return
    field = dump_cookie(**arguments)
    assert field == case["field"]
    # What a browser sends back is the pair before the first semicolon.
    sent_back = parse_cookie(field.partition(";")[0])
    assert list(sent_back.items()) == [(arguments["key"], arguments.get("value", ""))]
