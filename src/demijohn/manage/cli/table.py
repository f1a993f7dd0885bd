"""The table that `demijohn routes` prints: one row for each rule, mounted applications included."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

_SILENT_METHODS: Final = frozenset({"HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Row:
    """One rule."""

    endpoint: str
    """As `url_for` takes it in the outermost application."""
    methods: str
    domain: str
    """Host, or subdomain."""
    rule: str


def rows_of(application: Any, *, all_methods: bool) -> list[Row]:  # Any: a Demijohn or what has a `url_map` like its
    """Return the rows of an application in the order its rules are tried; those of mounts follow."""
    return list(_walk(application, "", "", "", frozenset() if all_methods else _SILENT_METHODS))


def write_table(application: Any, rows: list[Row], write: Callable[[str], object]) -> None:
    """Write the rows, with a column for the domain if any has one."""
    columns = [("Endpoint", "endpoint"), ("Methods", "methods"), ("Rule", "rule")]
    if any(row.domain for row in rows):
        has_subdomains = not application.url_map.host_matching and not any("." in row.domain for row in rows)
        columns.insert(2, ("Subdomain" if has_subdomains else "Host", "domain"))
    lines = [[title for title, _ in columns], *([getattr(row, name) for _, name in columns] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    for line in lines:
        write("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _walk(application: Any, names: str, host: str, prefix: str, hidden: frozenset[str]) -> Iterator[Row]:
    url_map = getattr(application, "url_map", None)
    if url_map is None:
        yield Row(f"{names}/", "", host, f"{prefix}/...")
        return
    for rule in url_map.iter_rules():
        methods = ", ".join(sorted(set(rule.methods or ()) - hidden))
        domain = (rule.host if url_map.host_matching else rule.subdomain) or ""
        if host:
            domain = f"{domain}.{host}" if domain and not url_map.host_matching else host
        yield Row(f"{names}{rule.endpoint}", methods, domain, f"{prefix}{rule.rule}")
    mounts = application.iter_mounts() if hasattr(application, "iter_mounts") else ()
    for mount in mounts:
        yield from _walk(
            mount.application, f"{names}{mount.name}::", mount.host or host, f"{prefix}{mount.prefix}", hidden
        )
