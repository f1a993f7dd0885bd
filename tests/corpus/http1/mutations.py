"""Hypothesis strategies for what comes near a request: pieces of the grammar put together, and the corpus mutated.

Texts of characters below 256, each standing for a byte.
"""

from hypothesis import strategies as st

from .cases import load

# Pieces of the grammar and of what breaks it; put together at random they come near every rule.
METHODS = ["GET", "HEAD", "POST", "OPTIONS", "CONNECT", "FROB", "get", "PRI", "G(", ""]
TARGETS = [
    "/",
    "/a?b",
    "*",
    "http://b/c",
    "https://b/",
    "http://",
    "b:80",
    "/#",
    "/\x7f",
    "/caf\xe9",
    "a",
    "",
    "/" + "x" * 50,
]
VERSIONS = ["HTTP/1.1", "HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "http/1.1", "HTTP/1.10", ""]
ENDS = ["\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\n", "\r", "\r\r\n", ""]
FIELDS = [
    "Host: a", "Host: a", "Host: a", "Host: a:99999", "host: b", "Connection: close", "Connection: keep-alive", "Connection: upgrade",
    "Upgrade: websocket", "Content-Length: 5", "Content-Length: 0", "Content-Length: 5 5", "Content-Length: 70",
    "Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, x", "Expect: 100-continue", "Expect: x",
    "X: y", "X: y ", "X:\t", "X:", "X : y", "X", ": y", " fold", "X: \x00", "X: \xe9", "X\xe9: y", "Content-Type: a", "X: " + "y" * 100,
    "Content_Length: 5", "Connection: x, Close",
]  # fmt: skip
BODIES = ["", "hello", "5\r\nhello\r\n0\r\n\r\n", "5;a=b\r\nhello\r\n", "0\r\n", "\r\n", "0\r\nX: y\r\n\r\n", "0\r\nHost: a\r\n\r\n", "5\r\nhelloX", "g\r\n", "1\nx", "ffff\r\n", "\x16\x03"]  # fmt: skip

requests = st.builds(
    lambda lead, method, target, version, end, fields, last, body: (
        lead + f"{method} {target} {version}" + end + "".join(field + end for field, end in fields) + last + body
    ),
    st.sampled_from(["", "", "", "\r\n", "\r\n\r\n", "\n", " "]),
    st.sampled_from(METHODS),
    st.sampled_from(TARGETS),
    st.sampled_from(VERSIONS),
    st.sampled_from(ENDS),
    st.lists(st.tuples(st.sampled_from(FIELDS), st.sampled_from(ENDS)), max_size=8),
    st.sampled_from(ENDS),
    st.sampled_from(BODIES),
)
"""Requests made of pieces; most are wrong."""

GOOD = [case.data.decode("latin-1") for case in load("accept") if len(case.data) < 600]
CORPUS = GOOD + [case.data.decode("latin-1") for case in load("reject") if len(case.data) < 600]

SEPARATORS = ["\r\n", "\r", "\n", " ", "\t", ":", ": ", ";", ",", "=", '"', "/", "?", "-", "_", "."]
SPRINKLES = ["", "\r", "\n", "\r\n", " ", "\t", "\x00", ":", ";", ",", "0", "\xff", "\x0b", "a", "\x7f", "\x85", "\xa0"]


def change_bytes(draw, text: str) -> str:
    """Replace, insert or delete a few bytes at one place."""
    at = draw(st.integers(0, len(text)))
    return text[:at] + draw(st.sampled_from(SPRINKLES)) + text[at + draw(st.integers(0, 2)) :]


def alter_separator(draw, text: str) -> str:
    """Put another separator in the place of one, once or everywhere."""
    old, new = draw(st.sampled_from(SEPARATORS)), draw(st.sampled_from([*SEPARATORS, ""]))
    count = text.count(old)
    if not count:
        return text
    if draw(st.booleans()):
        return text.replace(old, new)
    before = text.split(old)
    at = draw(st.integers(1, count))
    return old.join(before[:at]) + new + old.join(before[at:])


def in_case(draw, text: str) -> str:
    """Change the case of ASCII letters only: other characters stand for bytes."""
    data = text.encode("latin-1")
    return draw(st.sampled_from([data, data.upper(), data.lower(), data.swapcase()])).decode("latin-1")


def repeat_line(draw, text: str) -> str:
    """Give a line again, as it is or in another case, at any place."""
    lines = text.split("\r\n")
    line = draw(st.sampled_from(lines))
    at = draw(st.integers(0, len(lines)))
    return "\r\n".join([*lines[:at], in_case(draw, line), *lines[at:]])


def swap_lines(draw, text: str) -> str:
    lines = text.split("\r\n")
    one, other = draw(st.integers(0, len(lines) - 1)), draw(st.integers(0, len(lines) - 1))
    lines[one], lines[other] = lines[other], lines[one]
    return "\r\n".join(lines)


def drop_line(draw, text: str) -> str:
    lines = text.split("\r\n")
    del lines[draw(st.integers(0, len(lines) - 1))]
    return "\r\n".join(lines)


def cross_over(draw, text: str) -> str:
    """Begin like this one and end like another."""
    other = draw(st.sampled_from(CORPUS))
    return text[: draw(st.integers(0, len(text)))] + other[draw(st.integers(0, len(other))) :]


def change_case(draw, text: str) -> str:
    begin = draw(st.integers(0, len(text)))
    end = draw(st.integers(begin, len(text)))
    return text[:begin] + in_case(draw, text[begin:end]) + text[end:]


MUTATIONS = [change_bytes, change_bytes, alter_separator, repeat_line, swap_lines, drop_line, cross_over, change_case]


@st.composite
def mutated(draw, texts=CORPUS) -> str:
    """A request of the corpus, changed in up to three ways."""
    text = draw(st.sampled_from(texts))
    for _ in range(draw(st.integers(0, 3))):
        text = draw(st.sampled_from(MUTATIONS))(draw, text)
    return text


streams = st.lists(st.one_of(requests, mutated(), mutated(GOOD), st.sampled_from(GOOD)), min_size=1, max_size=3).map(
    "".join
)
"""What comes on one connection."""
