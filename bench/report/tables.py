"""The Markdown of a run: targets, a table for each workload, who took part and how, and what could not be measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..contestants import Contestant
from ..measures.results import Results
from ..measures.workload import Column, Workload
from .targets import Roles, Verdict


@dataclass(frozen=True)
class Report:
    """All that is to be told of one run."""

    results: Results
    contestants: Sequence[Contestant]
    workloads: Sequence[Workload]
    who: Roles
    verdicts: Sequence[Verdict]
    machine: Mapping[str, str]
    """What was measured with, as names and values."""
    versions: Mapping[str, Mapping[str, str]]
    """Of each contestant's packages."""
    unavailable: Mapping[str, str]
    """Who could not be installed, and why."""


def render(report: Report) -> str:
    """All of it."""
    lines = ["# demijohn and others", ""]
    lines += [f"* {name}: {value}" for name, value in report.machine.items()]
    lines += ["", "## Targets", "", *targets(report.verdicts), ""]
    for workload in report.workloads:
        if report.results.contestants(workload.key):
            lines += [f"## {workload.title}", "", *table(report.results, workload, report.who.default), ""]
    lines += ["## Not measured", "", *missing(report), ""]
    lines += ["## Who took part", "", "| | settings | versions |", "|---|---|---|"]
    for one in report.contestants:
        versions = ", ".join(f"{name} {version}" for name, version in report.versions.get(one.name, {}).items())
        lines.append(f"| {one.name} | {cell(one.settings)} | {versions} |")
    return "\n".join(lines) + "\n"


def targets(verdicts: Sequence[Verdict]) -> list[str]:
    """A table of the targets."""
    lines = ["| workload | against | at least | measured | | of | by processor time |", "|---|---|--:|--:|---|---|--:|"]
    for verdict in verdicts:
        target, outcome = verdict.target, verdict.outcome
        ratio = of = by_time = ""
        if outcome is not None:
            ratio, of = f"{outcome.ratio:.2f}x", outcome.of
            by_time = "" if outcome.by_time is None else f"{outcome.by_time:.2f}x"
        what = f"{target.workload} | {target.against} | {target.at_least:g}x"
        lines.append(f"| {what} | {ratio} | {verdict.word} | {of} | {by_time} |")
    return lines


def table(results: Results, workload: Workload, default: str) -> list[str]:
    """A row for each contestant, the best first."""
    first, *others = workload.columns
    names = ranking(results, workload)
    ours = results.median(default, workload.key, first.figure)
    heads = [first.title, "min - max", *(column.title for column in others), "demijohn is better by", "errors"]
    lines = [f"| | {' | '.join(heads)} |", f"|---|{'--:|' * len(heads)}"]
    for name in names:
        spread = results.spread(name, workload.key, first.figure)
        if spread is None:
            continue
        cells = [number(spread.median, first), f"{number(spread.least, first)} - {number(spread.most, first)}"]
        cells += [number(results.median(name, workload.key, column.figure), column) for column in others]
        cells += [advantage(ours, spread.median, workload), str(results.errors(name, workload.key))]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def ranking(results: Results, workload: Workload) -> list[str]:
    """Who was measured, the best first."""
    figure = workload.columns[0].figure
    found = {name: results.median(name, workload.key, figure) for name in results.contestants(workload.key)}
    known = {name: value for name, value in found.items() if value is not None}
    return sorted(known, key=lambda name: known[name], reverse=workload.is_more_better)


def advantage(ours: float | None, theirs: float, workload: Workload) -> str:
    """How many times better our figure is than theirs; nothing, if one of them is missing or nought."""
    if not ours or not theirs:
        return ""
    return f"{ours / theirs if workload.is_more_better else theirs / ours:.2f}x"


def number(value: float | None, column: Column) -> str:
    """As this column shows it."""
    return "" if value is None else f"{value:,.{column.digits}f}"


def missing(report: Report) -> list[str]:
    """Everything that is not in the tables, with its reason."""
    lines = [f"* {name}: {cell(reason)}" for name, reason in report.unavailable.items()]
    titles = {workload.key: workload.title for workload in report.workloads}
    measured = {name for name, _ in report.results.runs}
    alike: dict[tuple[str, str], list[str]] = {}
    for (name, key), reason in report.results.failures.items():
        alike.setdefault((name, reason), []).append(titles[key])
    for (name, reason), which in alike.items():
        what = "all that it was asked" if name not in measured and len(which) > 1 else "; ".join(which)
        lines.append(f"* {name}: {what}: {cell(reason)}")
    return lines or ["Nothing: all that took part could do all that was asked of it."]


def cell(text: str) -> str:
    """Text that is no end of a cell."""
    return " ".join(text.split()).replace("|", "\\|")
