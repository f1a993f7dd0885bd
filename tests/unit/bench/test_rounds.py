"""The run goes on, whoever breaks, and says why; and what is asked for on the command line."""

import shutil
import sys
from pathlib import Path

import pytest
from bench.__main__ import arguments, plan_of, selected
from bench.contestants import Command, Contestant, Kind, NotPossible, everyone
from bench.measures.measure import Plan
from bench.measures.rounds import Run, estimate, measurements, reason
from bench.measures.workload import WORKLOADS, chosen, shown

REFUSES = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_error(503, "I am tired")
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def contestant(name, start, able=frozenset({"hello", "json"})):
    return Contestant(name, Kind.FRAMEWORK, "", able, (), start)


def cannot(setting):
    raise NotPossible("it knows no ports")


@pytest.fixture
def run(tmp_path):
    """Of contestants of which each has another trouble."""
    return Run(
        [
            contestant("ends", lambda setting: Command(["sh", "-c", "echo No module named pony >&2; exit 3"], {})),
            contestant("cannot", cannot),
            contestant("missing", lambda setting: Command(["/nowhere/program"], {})),
            contestant("refuses", lambda setting: Command([sys.executable, "-c", REFUSES, str(setting.port)], {})),
        ],
        chosen(["hello", "json"]),
        Plan(rounds=2, seconds=1, is_quick=True),
        files=tmp_path,
        certificate=(tmp_path, tmp_path),
        after_round=lambda results: print("saved"),
    )


IS_LINUX = pytest.mark.skipif(shutil.which("taskset") is None, reason="taskset is of Linux")


@pytest.mark.slow
@IS_LINUX
def test_trouble_of_one_is_named_and_the_others_go_on(run, capsys):
    results = run.go()
    said = capsys.readouterr()
    assert said.out == "saved\nsaved\n"
    assert not results.runs
    assert set(results.failures) == {
        (n, w) for n in ("ends", "cannot", "missing", "refuses") for w in ("hello", "json")
    }
    assert results.failures["ends", "json"] == "the server ended with exit status 3: No module named pony"
    assert results.failures["cannot", "hello"] == "it knows no ports"
    assert "/nowhere/program" in results.failures["missing", "hello"]
    assert "answers 503, not 200" in results.failures["refuses", "hello"]
    assert "/json/17?q=abc answers 503" in results.failures["refuses", "json"]
    assert "refuses: plain text: / answers 503" in said.err


@pytest.mark.slow
@IS_LINUX
def test_answers_are_seen_before_and_wrong_ones_are_not_measured(run, capsys):
    said = []
    results = run.check(said.append)
    assert len(results.failures) == 8
    assert "pony" in results.failures["ends", "json"]
    assert "503" in results.failures["refuses", "hello"]
    assert said[0] == "ends: the server ended with exit status 3: No module named pony"
    assert "refuses: hello: status 503" in said[3]
    run.go()
    assert "1/" not in capsys.readouterr().err


def test_what_is_compared_is_measured_one_after_the_other():
    one, two = contestant("one", cannot), contestant("two", cannot, frozenset({"json"}))
    order = [(who.name, workload.key) for who, workload in measurements([one, two], chosen(["hello", "json"]))]
    assert order == [("one", "hello"), ("one", "json"), ("two", "json")]


@pytest.mark.slow
@IS_LINUX
def test_every_second_round_goes_the_other_way(run, monkeypatch):
    done = []
    monkeypatch.setattr(run, "_serve", lambda contestant, workload: done.append((contestant.name, workload.key)))
    run.go()
    assert done[:5] == [
        ("ends", "hello"),
        ("cannot", "hello"),
        ("missing", "hello"),
        ("refuses", "hello"),
        ("ends", "json"),
    ]
    assert done[8:] == done[7::-1]


def test_the_estimate_grows_with_what_is_asked():
    everything = [contestant("a", cannot), contestant("b", cannot)]
    one, two, three = (estimate(everything, chosen(["hello"]), Plan(rounds=number, seconds=3)) for number in (1, 2, 3))
    assert two - one == three - two >= 2 * 3
    assert estimate(everything[:1], chosen(["hello"]), Plan(rounds=1, seconds=3)) == one / 2
    assert estimate(everything, chosen(["hello", "tls"]), Plan(rounds=1, seconds=3)) > one


def test_a_reason_is_one_line():
    assert reason(ValueError("a\n  b")) == "a b"
    assert reason(ValueError()) == "ValueError"
    assert len(reason(ValueError("x" * 10_000))) < 600


def test_workloads_by_key():
    assert [workload.key for workload in chosen(["tls", "hello"])] == ["hello", "tls"]
    assert chosen([]) == list(WORKLOADS)
    with pytest.raises(ValueError, match=r"no such workload: helo\. There are: start, memory, hello, json"):
        chosen(["helo"])


def test_readers_see_throughput_first():
    assert [workload.key for workload in shown(chosen(["hello", "memory", "mixed", "idle", "start"]))] == [
        "hello",
        "mixed",
        "start",
        "memory",
        "idle",
    ]


def test_each_workload_has_its_script():
    lua = Path(sys.modules["bench.measures.measure"].__file__).parent / "lua"
    assert {workload.script for workload in WORKLOADS} - {None} == {path.name for path in lua.iterdir()}


def test_contestants_by_part_of_a_name():
    names = [one.name for one in selected(everyone(), ["GTHREAD", "nginx"])]
    assert "nginx" in names
    assert all("gthread" in name or "nginx" in name for name in names)
    assert selected(everyone(), []) == everyone()
    with pytest.raises(ValueError, match="nobody is called 'apache'"):
        selected(everyone(), ["apache"])


def test_a_quick_run_and_what_is_said_beside():
    assert plan_of(arguments().parse_args([])) == Plan(3, 3, is_quick=False, idle=10_000)
    assert plan_of(arguments().parse_args(["--quick"])) == Plan(1, 1, is_quick=True, idle=2_000)
    said = plan_of(
        arguments().parse_args(["--quick", "--rounds", "2", "--seconds", "4", "--idle", "10", "--port", "9"])
    )
    assert said == Plan(2, 4, is_quick=True, idle=10, port=9)
