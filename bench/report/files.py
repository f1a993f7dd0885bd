"""Where a run is written: `compare.json` with every figure of every round, `compare.md` and `compare.svg` to be looked at."""

import json
from pathlib import Path

from .chart import draw
from .tables import Report, render


def write(report: Report, directory: Path) -> str:
    """Write all three, anew after each round; return the Markdown."""
    directory.mkdir(parents=True, exist_ok=True)
    text = render(report)
    caption = f"demijohn and others, {report.machine.get('date', '')}"
    (directory / "compare.md").write_text(text)
    (directory / "compare.json").write_text(json.dumps(document(report), indent=1))
    (directory / "compare.svg").write_text(draw(report.results, report.contestants, report.workloads, caption))
    return text


def document(report: Report) -> dict[str, object]:
    """What the JSON says."""
    return {
        "machine": dict(report.machine),
        "contestants": [
            {
                "name": one.name,
                "kind": one.kind.name.lower(),
                "settings": one.settings,
                "versions": dict(report.versions.get(one.name, {})),
            }
            for one in report.contestants
        ],
        "unavailable": dict(report.unavailable),
        "results": [
            {"contestant": name, "workload": key, "runs": runs} for (name, key), runs in report.results.runs.items()
        ],
        "failures": [
            {"contestant": name, "workload": key, "reason": reason}
            for (name, key), reason in report.results.failures.items()
        ],
        "targets": [
            {
                "workload": verdict.target.workload,
                "against": verdict.target.against,
                "at_least": verdict.target.at_least,
                "measured": None if verdict.outcome is None else verdict.outcome.ratio,
                "by_processor_time": None if verdict.outcome is None else verdict.outcome.by_time,
                "of": None if verdict.outcome is None else verdict.outcome.of,
                "verdict": verdict.word,
            }
            for verdict in report.verdicts
        ],
    }
