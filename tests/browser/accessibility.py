"""What axe-core finds in a page: https://github.com/dequelabs/axe-core, fetched by scripts/axe-core."""

import sys
from pathlib import Path

import pytest

AXE = Path(sys.prefix, "axe-core", "axe.min.js")

_RUN = """
axe.run(document, {resultTypes: ["violations"]}).then(found => found.violations
    .filter(one => one.impact === "serious" || one.impact === "critical")
    .map(one => `${one.impact}: ${one.id}: ${one.help}: ` + one.nodes.map(node => node.html.slice(0, 200)).join(" | ")))
"""


def axe(page):
    """The serious and critical findings in what a page shows now, as texts; without axe-core the test is skipped."""
    if not AXE.exists():
        pytest.skip("axe-core is not there; scripts/axe-core fetches it")
    if not page.evaluate("'axe' in window"):
        # By the protocol, not by an element: a page's Content-Security-Policy has no say in it.
        page.evaluate(AXE.read_text())
    return page.evaluate(_RUN)
