"""Entity tags (RFC 9110 §8.8.3): quoting, making, and the sets of them in If-Match and If-None-Match."""

import re
from collections.abc import Collection, Iterable, Iterator
from hashlib import sha1

# One element: a tag in quotes, or, as some clients send it, without; from a comma or the begin to a comma or the end.
# An element that fails is skipped to the next comma, be it within quotes: each character is read twice at most.
_elements = re.compile(r'(?:^|,)[ \t\r\n]*+(W/|w/)?(?:"([^"]*+)"|([^ \t\r\n",]++))[ \t\r\n]*+(?=,|\Z)').findall


def quote_etag(etag: str, weak: bool = False) -> str:
    """Render a tag: `"x"`, or `W/"x"` if it is weak.

    Raises:
        ValueError: it contains a double quote.
    """
    if '"' in etag:
        raise ValueError("An entity tag must not contain a double quote.")
    return f'W/"{etag}"' if weak else f'"{etag}"'


def unquote_etag(etag: str | None) -> tuple[str, bool] | tuple[None, None]:
    """Return the tag without quotes and whether it is weak; `(None, None)` if there is none."""
    if not etag:
        return None, None
    weak = etag.startswith(("W/", "w/"))
    if weak:
        etag = etag[2:]
    if etag[:1] == etag[-1:] == '"':
        etag = etag[1:-1]
    return etag, weak


def generate_etag(data: bytes) -> str:
    """Make a strong tag, not yet quoted, from the bytes of a representation."""
    return sha1(data, usedforsecurity=False).hexdigest()


class ETags(Collection[str]):
    """The tags a client names; `star_tag` is the `*` that stands for any. Immutable; iterates over the strong ones.

    `in` compares strongly, so that weak tags never match (RFC 9110 §8.8.3.2); the methods say how they compare.
    """

    __slots__ = ("_strong", "_weak", "star_tag")

    def __init__(
        self,
        strong_etags: Iterable[str] | None = None,
        weak_etags: Iterable[str] | None = None,
        star_tag: bool = False,
    ) -> None:
        # Dicts are sets in order here: what was parsed is rendered in the order it came.
        self._strong = dict.fromkeys(() if star_tag or strong_etags is None else strong_etags)
        self._weak = dict.fromkeys(weak_etags or ())
        self.star_tag = star_tag

    def as_set(self, include_weak: bool = False) -> set[str]:
        """Return a plain set of the strong tags, with `include_weak` of all."""
        return {*self._strong, *self._weak} if include_weak else set(self._strong)

    def is_weak(self, etag: str) -> bool:
        """Say whether a tag is among the weak ones."""
        return etag in self._weak

    def is_strong(self, etag: str) -> bool:
        """Say whether a tag is among the strong ones."""
        return etag in self._strong

    def contains_weak(self, etag: str) -> bool:
        """Compare weakly: a tag matches a weak or strong one, or `*`."""
        return etag in self._weak or self.contains(etag)

    def contains(self, etag: str) -> bool:
        """Compare strongly: a tag matches a strong one, or `*`."""
        return self.star_tag or etag in self._strong

    def contains_raw(self, etag: str) -> bool:
        """Take a tag with its quotes; a weak one is compared weakly, a strong one strongly."""
        tag, weak = unquote_etag(etag)
        if tag is None:
            return False
        return self.contains_weak(tag) if weak else self.contains(tag)

    def to_header(self) -> str:
        """Render the field value: strong tags, then weak ones."""
        if self.star_tag:
            return "*"
        return ", ".join([f'"{tag}"' for tag in self._strong] + [f'W/"{tag}"' for tag in self._weak])

    def __call__(self, etag: str | None = None, data: bytes | None = None, include_weak: bool = False) -> bool:
        """Say whether a tag, or the one made from `data`, is listed; `*` does not count.

        Raises:
            TypeError: neither was given.
        """
        if etag is None and data is None:
            raise TypeError("Give the tag, or the data that it is made from.")
        wanted = generate_etag(data) if etag is None else etag  # type: ignore[arg-type]  # there is one of them
        return wanted in self._strong or (include_weak and wanted in self._weak)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ETags):
            return NotImplemented
        return (self.star_tag, self._strong, self._weak) == (other.star_tag, other._strong, other._weak)

    def __hash__(self) -> int:
        return hash((self.star_tag, frozenset(self._strong), frozenset(self._weak)))

    def __bool__(self) -> bool:
        return bool(self.star_tag or self._strong or self._weak)

    def __len__(self) -> int:
        return len(self._strong)

    def __iter__(self) -> Iterator[str]:
        return iter(self._strong)

    def __contains__(self, etag: object) -> bool:
        return isinstance(etag, str) and self.contains(etag)

    def __str__(self) -> str:
        return self.to_header()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {str(self)!r}>"


def parse_etags(value: str | None) -> ETags:
    """Parse `*` or a list of tags; elements that are no tag are left out. Linear in the length."""
    if not value:
        return ETags()
    if value.strip() == "*":
        return ETags(star_tag=True)
    strong: list[str] = []
    weak: list[str] = []
    for is_weak, quoted, raw in _elements(value):
        (weak if is_weak else strong).append(raw or quoted)
    return ETags(strong, weak)


def render_etags(value: ETags) -> str:
    """Render a list of tags."""
    return value.to_header()
