from hypothesis import given
from hypothesis import strategies as st

from demijohn._base.logtext import one_line, quotable


def test_what_is_harmless_stays():
    assert quotable("GET /a?b='c' #~") == "GET /a?b='c' #~"
    assert one_line('Zoë said "no\\yes" 😀') == 'Zoë said "no\\yes" 😀'


def test_what_is_not_is_escaped():
    assert quotable('a"b\\c\r\n\x1b[31m\x7f\xe9\u20ac') == "a\\x22b\\x5Cc\\x0D\\x0A\\x1B[31m\\x7F\\xE9\\xE2\\x82\\xAC"
    assert quotable("\ud800") == "\\xED\\xA0\\x80"
    assert one_line("a\r\nb\x1b[2J\x85\u2028\udc80") == "a\\x0D\\x0Ab\\x1B[2J\\x85\\u2028\\uDC80"


@given(st.text())
def test_no_text_leaves_its_quotes_or_its_line(text):
    quoted = quotable(text)
    assert quoted.isascii()
    assert quoted.isprintable()
    assert '"' not in quoted
    # Every backslash is ours.
    assert all(part[:1] == "x" for part in quoted.split("\\")[1:])
    assert one_line(text).splitlines() in ([one_line(text)], [])
    one_line(text).encode()
