"""The three files of a run."""

import json
from xml.etree import ElementTree

import pytest
from bench.contestants import Contestant, Kind
from bench.measures.results import Results
from bench.measures.workload import chosen
from bench.report.files import write
from bench.report.tables import Report, advantage, missing, ranking, table, targets
from bench.report.targets import Roles, judge

SVG = "{http://www.w3.org/2000/svg}"
HELLO, MIXED = chosen(["hello", "mixed"])
WHO = Roles("ours", "inline", "pool", "gthread", "nginx", ("Flask on a <b> & c | d",), ())


def contestant(name, kind):
    return Contestant(name, kind, "as it is | told", frozenset({"hello", "mixed"}), ("package",), lambda setting: None)


@pytest.fixture
def report():
    results = Results()
    for rate in (900, 1100, 1000):
        results.add("ours", "hello", {"rate": rate, "p50_ms": 1.0, "p99_ms": 2.5, "server_us": 20.0, "errors": 0})
    results.add("Flask on a <b> & c | d", "hello", {"rate": 100, "p50_ms": 9.0, "p99_ms": 20.0, "errors": 3})
    results.add("ours", "mixed", {"p99_ms": 20.0, "p50_ms": 1.0, "slow_p50_ms": 101.0, "rate": 5000})
    results.add("Flask on a <b> & c | d", "mixed", {"p99_ms": 40.0, "p50_ms": 1.0, "slow_p50_ms": 101.0, "rate": 500})
    results.failures["broken", "hello"] = "the server ended | with exit status 3"
    results.failures["broken", "mixed"] = "the server ended | with exit status 3"
    results.failures["ours", "idle"] = "it is full"
    who = [
        contestant("ours", Kind.OURS),
        contestant("Flask on a <b> & c | d", Kind.FLASK),
        contestant("broken", Kind.LIMIT),
    ]
    return Report(
        results,
        who,
        chosen(["hello", "mixed", "idle"]),
        WHO,
        judge(results, WHO),
        {"date": "today", "machine": "a slow one"},
        {"ours": {"package": "1.2"}},
        {"gone": "no wheels"},
    )


def test_the_best_are_on_top(report):
    assert ranking(report.results, HELLO) == ["ours", "Flask on a <b> & c | d"]
    assert ranking(report.results, MIXED) == ["ours", "Flask on a <b> & c | d"]


def test_a_table(report):
    head, line, ours, theirs = table(report.results, HELLO, "ours")
    assert "requests/s" in head
    assert line.count("|") == head.count("|")
    assert ours == "| ours | 1,000 | 900 - 1,100 | 1.00 | 2.50 | 20.0 | 1.00x | 0 |"
    assert "| 10.00x | 3 |" in theirs


def test_ratios_say_who_is_better_by_both_kinds_of_figures():
    assert advantage(1000, 100, HELLO) == "10.00x"
    assert advantage(20, 40, MIXED) == "2.00x"
    assert advantage(None, 40, MIXED) == advantage(0, 40, MIXED) == ""


def test_what_is_missing_is_said_once_for_each_reason(report):
    assert missing(report) == [
        "* gone: no wheels",
        "* broken: all that it was asked: the server ended \\| with exit status 3",
        "* ours: idle connections: it is full",
    ]


def test_targets_say_what_was_measured(report):
    lines = targets(report.verdicts)
    assert any("the best Flask deployment measured | 4x | 10.00x | met | 1,000 / 100" in line for line in lines)
    assert any("not measured" in line for line in lines)


def test_the_files(report, tmp_path):
    text = write(report, tmp_path / "out")
    assert (tmp_path / "out" / "compare.md").read_text() == text
    assert "a slow one" in text
    assert "| ours | as it is \\| told | package 1.2 |" in text
    document = json.loads((tmp_path / "out" / "compare.json").read_text())
    assert document["results"][0]["runs"][1]["rate"] == 1100
    assert {one["verdict"] for one in document["targets"]} == {"met", "not measured"}
    assert document["failures"][2] == {"contestant": "ours", "workload": "idle", "reason": "it is full"}


def test_the_chart_is_well_formed_and_has_a_bar_for_each(report, tmp_path):
    write(report, tmp_path)
    root = ElementTree.parse(tmp_path / "compare.svg").getroot()
    assert root.tag == f"{SVG}svg"
    panels = root.findall(f"{SVG}g")
    assert [panel.find(f"{SVG}text").text for panel in panels] == [HELLO.title, MIXED.title]
    widths = [float(bar.get("width")) for bar in panels[0].findall(f"{SVG}rect")]
    assert len(widths) == 2
    assert widths[0] == pytest.approx(10 * widths[1], rel=0.01)
    width, height = float(root.get("width")), float(root.get("height"))
    for panel in panels:
        left, top = map(float, panel.get("transform")[len("translate(") : -1].split())
        for mark in panel.iter():
            assert left + float(mark.get("x", 0)) + float(mark.get("width", 0)) <= width
            assert top + float(mark.get("y", 0)) <= height
    assert "prefers-color-scheme: dark" in root.find(f"{SVG}style").text


def test_a_run_of_which_nothing_came_is_told_all_the_same(report, tmp_path):
    empty = Report(Results(), [], [HELLO], WHO, judge(Results(), WHO), {}, {}, {})
    assert "not measured" in write(empty, tmp_path)
    ElementTree.parse(tmp_path / "compare.svg")
