"""The chart of a run, an SVG drawn here: a panel for each workload, a bar for each contestant, the best on top.

It has a background of its own, light or dark as the reader's system is, so that it can be read on any page. Lengths are medians
of a workload's first column; the thin line over a bar's end goes from the least to the most.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from ..contestants import Contestant, Kind
from ..measures.results import Results, Spread
from ..measures.workload import Workload
from .tables import number, ranking

COLUMNS = 2
WIDTH, GAP = 640, 24
LABEL, VALUE = 260, 90
"""Of a panel's width, the part for names and that for numbers."""
BAR, STEP, HEAD = 13, 18, 44
LONGEST_NAME = 38

STYLE = """
text { font: 12px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 14px } .unit { fill: #57606a }
.ground { fill: #ffffff } .ours { fill: #0969da } .flask { fill: #8c959f } .framework { fill: #bf8700 } .limit { fill: #afb8c1 }
.spread { stroke: #24292f; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .unit { fill: #9198a1 } .ground { fill: #0d1117 }
.ours { fill: #4493f8 } .flask { fill: #6e7681 } .framework { fill: #d29922 } .limit { fill: #484f58 } .spread { stroke: #e6edf3 }
}
"""
CLASSES = {Kind.OURS: "ours", Kind.FLASK: "flask", Kind.FRAMEWORK: "framework", Kind.LIMIT: "limit"}
LEGEND = (
    (Kind.OURS, "demijohn"),
    (Kind.FLASK, "Flask on a server"),
    (Kind.FRAMEWORK, "another framework"),
    (Kind.LIMIT, "nginx"),
)


@dataclass(frozen=True)
class Bar:
    """One line of a panel."""

    name: str
    kind: Kind
    spread: Spread


def draw(results: Results, contestants: Sequence[Contestant], workloads: Sequence[Workload], caption: str) -> str:
    """The whole chart."""
    kinds = {one.name: one.kind for one in contestants}
    panels = []
    tops = [70] * COLUMNS
    for workload in workloads:
        bars = _bars(results, workload, kinds)
        if not bars:
            continue
        # Each panel below the shorter column, so that both end about alike.
        column = tops.index(min(tops))
        panels.append(_panel(workload, bars, GAP + column * (WIDTH + GAP), tops[column]))
        tops[column] += HEAD + STEP * len(bars) + GAP
    width, height = GAP + COLUMNS * (WIDTH + GAP), max(tops)
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label={quoteattr(caption)}>',
            f"<style>{STYLE}</style>",
            f'<rect class="ground" width="{width}" height="{height}"/>',
            f'<text class="title" x="{GAP}" y="28">{escape(caption)}</text>',
            *_legend(),
            *panels,
            "</svg>\n",
        ]
    )


def _bars(results: Results, workload: Workload, kinds: dict[str, Kind]) -> list[Bar]:
    figure = workload.columns[0].figure
    return [
        Bar(name, kinds[name], spread)
        for name in ranking(results, workload)
        if (spread := results.spread(name, workload.key, figure)) is not None
    ]


def _legend() -> list[str]:
    parts = []
    for place, (kind, words) in enumerate(LEGEND):
        left = GAP + place * 170
        parts.append(f'<rect class="{CLASSES[kind]}" x="{left}" y="41" width="12" height="12" rx="2"/>')
        parts.append(f'<text x="{left + 18}" y="51">{words}</text>')
    return parts


def _panel(workload: Workload, bars: Sequence[Bar], left: int, top: int) -> str:
    column = workload.columns[0]
    unit = f"{column.title}, {'more' if workload.is_more_better else 'less'} is better"
    room = WIDTH - LABEL - VALUE
    scale = room / max(1e-9, *(bar.spread.most for bar in bars))
    parts = [
        f'<g transform="translate({left} {top})">',
        f'<text class="title" y="14">{escape(workload.title)}</text>',
        f'<text class="unit" y="31">{escape(unit)}</text>',
    ]
    for place, bar in enumerate(bars):
        y = HEAD + place * STEP
        spread = bar.spread
        length, least, most = (max(0.0, value) * scale for value in (spread.median, spread.least, spread.most))
        name = bar.name if len(bar.name) <= LONGEST_NAME else f"{bar.name[: LONGEST_NAME - 1]}…"
        parts += [
            f'<text x="{LABEL - 8}" y="{y + 11}" text-anchor="end">{escape(name)}</text>',
            f'<rect class="{CLASSES[bar.kind]}" x="{LABEL}" y="{y}" width="{max(length, 1):.1f}" height="{BAR}" rx="2"/>',
            f'<path class="spread" d="M{LABEL + least:.1f} {y + BAR / 2}H{LABEL + most:.1f}"/>',
            f'<text x="{LABEL + max(length, most) + 6:.1f}" y="{y + 11}">{number(spread.median, column)}</text>',
        ]
    parts.append("</g>")
    return "\n".join(parts)
