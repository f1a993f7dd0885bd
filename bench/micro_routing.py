"""Matching, building and `url_for` with 10, 1,000 and 10,000 routes, beside Werkzeug and Flask: `python -m bench.micro_routing`.

The cost must not grow with the number of routes; the second table says by how much 10,000 routes are slower than 10.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from .turns import Case, compare

SIZES = (10, 1_000, 10_000)


def routes(size: int) -> list[tuple[str, str]]:
    """Return (rule, endpoint) of an application with 97 areas; half of its routes have two variables."""
    found = []
    for index in range(size):
        area = f"/area{index % 97}"
        text = f"{area}/page{index}" if index % 2 else f"{area}/item{index}/<int:id>/<name>"
        found.append((text, f"e{index}"))
    return found


def refused(call: Callable[[], object], errors: tuple[type[Exception], ...]) -> Case:
    """Return a case of a call that has to end in one of the errors."""

    def once() -> None:
        try:
            call()
        except errors:
            return
        raise AssertionError("what is not there was found")

    return once


def cases_of(size: int, routing: Any, framework: Any, errors: tuple[type[Exception], ...]) -> dict[str, Case]:
    """Return what is measured with this many routes. Any: one of two libraries."""
    rules = routes(size)
    url_map = routing.Map([routing.Rule(text, endpoint=endpoint, methods=["GET"]) for text, endpoint in rules])
    url_map.update()
    urls = url_map.bind("example.org")
    app = (getattr(framework, "Demijohn", None) or framework.Flask)("bench")
    for text, endpoint in rules:
        app.add_url_rule(text, endpoint, lambda **_: "")
    app.test_request_context("/").push()
    literal, dynamic = size // 2 | 1, size // 2 & ~1
    static_path = f"/area{literal % 97}/page{literal}"
    dynamic_path = f"/area{dynamic % 97}/item{dynamic}/42/name"
    missing_path = f"/area{dynamic % 97}/nothing/42/name"
    values = {"id": 42, "name": "name"}
    return {
        "match, static hit": lambda: urls.match(static_path, "GET"),
        "match, dynamic hit": lambda: urls.match(dynamic_path, "GET"),
        "match, miss": refused(lambda: urls.match(missing_path, "GET"), errors),
        "match, wrong method": refused(lambda: urls.match(static_path, "POST"), errors),
        "build, static": lambda: urls.build(f"e{literal}"),
        "build, dynamic": lambda: urls.build(f"e{dynamic}", values),
        "build, with a query": lambda: urls.build(f"e{dynamic}", {**values, "page": 2}),
        "url_for, static": lambda: app.url_for(f"e{literal}"),
        "url_for, dynamic": lambda: app.url_for(f"e{dynamic}", id=42, name="name"),
    }


def cases(is_rival: bool) -> dict[str, Case]:
    """Return what is timed."""
    routing = import_module("werkzeug.routing" if is_rival else "demijohn.routing")
    exceptions = import_module("werkzeug.exceptions" if is_rival else "demijohn.http.errors")
    framework = import_module("flask" if is_rival else "demijohn")
    errors = (exceptions.NotFound, exceptions.MethodNotAllowed)
    return {
        f"{name}, {size:,} routes": case
        for size in SIZES
        for name, case in cases_of(size, routing, framework, errors).items()
    }


def main() -> None:
    """Measure and print."""
    figures = compare("micro_routing", __doc__, "Werkzeug 3.1.9", cases)
    if figures is None:
        return
    print("\n| growth from 10 to 10,000 routes | ours | Werkzeug |\n|---|--:|--:|")
    few, many = f", {SIZES[0]:,} routes", f", {SIZES[-1]:,} routes"
    for name in (name.removesuffix(few) for name in figures if name.endswith(few)):
        (our_few, their_few), (our_many, their_many) = figures[name + few], figures[name + many]
        print(f"| {name} | {our_many / our_few:.2f} | {their_many / their_few:.2f} |")


if __name__ == "__main__":
    main()
