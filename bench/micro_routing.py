"""Microseconds per match and per built URL with 10, 1,000 and 10,000 routes.

`python bench/micro_routing.py [--json]`. The cost must not grow with the number of routes; the last column says by how much
10,000 routes are slower than 10.
"""

import argparse
import json
import sys
from collections.abc import Callable
from timeit import repeat

from demijohn.http.error_base import HTTPException
from demijohn.routing import Map, Rule

SIZES = (10, 1_000, 10_000)


def make_map(routes: int) -> Map:
    """Return a map of an application with 97 areas; half of its routes have two variables."""
    rules = []
    for index in range(routes):
        area = f"/area{index % 97}"
        text = f"{area}/page{index}" if index % 2 else f"{area}/item{index}/<int:id>/<name>"
        rules.append(Rule(text, endpoint=f"e{index}", methods=["GET"]))
    url_map = Map(rules)
    url_map.update()
    return url_map


def cases(routes: int) -> dict[str, Callable[[], object]]:
    """Return what is measured, each a call without arguments."""
    url_map = make_map(routes)
    urls = url_map.bind("example.org")
    literal, dynamic = routes // 2 | 1, routes // 2 & ~1
    static_path = f"/area{literal % 97}/page{literal}"
    dynamic_path = f"/area{dynamic % 97}/item{dynamic}/42/name"
    missing_path = f"/area{dynamic % 97}/nothing/42/name"
    values = {"id": 42, "name": "name"}

    def miss() -> None:
        try:
            url_map.match_path("", missing_path, "GET")
        except HTTPException:
            return
        raise AssertionError("a path that is missing was found")

    def wrong_method() -> None:
        try:
            url_map.match_path("", static_path, "POST")
        except HTTPException:
            return
        raise AssertionError("a method that is not allowed was taken")

    return {
        "match, static hit": lambda: url_map.match_path("", static_path, "GET"),
        "match, dynamic hit": lambda: url_map.match_path("", dynamic_path, "GET"),
        "match, miss": miss,
        "match, wrong method": wrong_method,
        "adapter, static hit": lambda: urls.match(static_path, "GET"),
        "adapter, dynamic hit": lambda: urls.match(dynamic_path, "GET"),
        "build, static": lambda: urls.build(f"e{literal}"),
        "build, dynamic": lambda: urls.build(f"e{dynamic}", values),
        "build, with a query": lambda: urls.build(f"e{dynamic}", {**values, "page": 2}),
    }


def microseconds(call: Callable[[], object], number: int = 5_000) -> float:
    """Return the time of one call, the best of five rounds: what disturbs only ever makes it slower."""
    return min(repeat(call, number=number, repeat=5)) / number * 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    figures: dict[str, list[float]] = {}
    for routes in SIZES:
        for name, call in cases(routes).items():
            figures.setdefault(name, []).append(round(microseconds(call), 3))
    if options.json:
        json.dump({"sizes": SIZES, "microseconds": figures}, sys.stdout, indent=2)
        return
    print(f"{'us per call':24}" + "".join(f"{size:>10,}" for size in SIZES) + f"{'growth':>10}")
    for name, row in figures.items():
        print(f"{name:24}" + "".join(f"{figure:10.2f}" for figure in row) + f"{row[-1] / row[0]:9.2f}x")


if __name__ == "__main__":
    main()
