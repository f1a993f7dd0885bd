"""`demijohn top`: what is shown, in what order, how keys change that, and how it looks."""

import os
import pty
import termios

import pytest

pytest.importorskip("rich")

from demijohn.manage.cli.keys import Keys, split_keys
from demijohn.manage.cli.top import text_lines
from demijohn.manage.cli.topscreen import lines_of
from demijohn.manage.cli.topview import PHASES, SORTS, Filters, TopView
from demijohn.manage.cli.wording import duration, place, plain, size


def request(pid=11, id="a.1", age=1.0, **more):
    return {
        "pid": pid,
        "id": id,
        "phase": "handler",
        "age": age,
        "client": "127.0.0.1",
        "connection_age": 2.0,
        "connection_request": 1,
        "method": "GET",
        "path": "/orders/17",
        "route": "order",
        "request_id": None,
        "thread": "demijohn-3",
        "thread_id": 4711,
        "where": {"file": "/srv/shop.py", "line": 12, "function": "order"},
        "stack": [],
    } | more


def worker(pid=11, **more):
    return {
        "pid": pid,
        "generation": 1,
        "state": "serving",
        "age": 100.0,
        "heartbeat_age": 0.5,
        "requests": 1000,
        "in_flight": 1,
        "connections": 3,
        "queued": 0,
        "oldest_queued": 0.0,
        "memory_bytes": 50 << 20,
        "is_responsive": True,
        "phases": {"handler": 1},
        "idle": 2,
    } | more


def seen(*requests, workers=None, time=1000.0, **more):
    return {
        "time": time,
        "pid": 10,
        "version": "1.0",
        "python": "3.11",
        "addresses": ["http://127.0.0.1:8000"],
        "is_supervised": True,
        "state": "serving",
        "started_at": 1.0,
        "uptime": 60.0,
        "wanted": 2,
        "generation": 1,
        "workers": [worker()] if workers is None else workers,
        "requests": list(requests),
    } | more


def view_of(*requests, **more):
    view = TopView()
    view.take(seen(*requests, **more))
    return view


def ids(view):
    return [row["id"] for row in view.rows()]


MANY = (
    request(id="1", age=3.0, route="b", phase="queued", pid=11, client="9.9.9.9", path="/z"),
    request(id="2", age=9.0, route="a", phase="handler", pid=12, client="8.8.8.8", path="/y"),
    request(id="3", age=5.0, route="b", phase="head", pid=11, client="7.7.7.7", path="/x"),
)


class TestOrder:
    @pytest.mark.parametrize(
        ("sort", "order"),
        [("age", "231"), ("route", "231"), ("phase", "213"), ("worker", "312"), ("client", "321"), ("path", "321")],
    )
    def test_every_column_sorts_and_the_eldest_come_first_among_equals(self, sort, order):
        view = view_of(*MANY)
        view.sort = sort
        assert ids(view) == list(order)
        view.press("r")
        assert ids(view) == list(order)[::-1]

    def test_keys_go_through_the_columns_both_ways(self):
        view = view_of(*MANY)
        for _ in SORTS:
            view.press("o")
        assert view.sort == "age"
        view.press("O")
        assert view.sort == SORTS[-1]


class TestFilters:
    @pytest.mark.parametrize(
        ("filters", "left"),
        [
            (Filters(), "231"),
            (Filters(route="B"), "31"),
            (Filters(worker=12), "2"),
            (Filters(phase="head"), "3"),
            (Filters(text="8.8.8"), "2"),
            (Filters(text="SHOP.PY"), "231"),
            (Filters(route="b", phase="handler"), ""),
        ],
    )
    def test_only_what_is_asked_for_is_left(self, filters, left):
        view = view_of(*MANY)
        view.filters = filters
        assert ids(view) == list(left)

    def test_text_is_typed_changed_and_given_up(self):
        view = view_of(*MANY)
        for key in ("/", "q", "backspace", "/", "x", "enter"):
            view.press(key)
        assert (view.filters.text, view.is_over, ids(view)) == ("/x", False, ["3"])
        for key in ("/", "y", "escape"):
            view.press(key)
        assert view.filters.text == "/x"
        view.press("c")
        assert len(ids(view)) == 3

    def test_keys_go_through_phases_and_workers(self):
        view = view_of(*MANY, workers=[worker(11), worker(12)])
        found = []
        for _ in range(len(PHASES) + 1):
            view.press("f")
            found.append(view.filters.phase)
        assert found == [*PHASES, ""]
        found = []
        for _ in range(4):
            view.press("w")
            found.append(view.filters.worker)
        assert found == [11, 12, None, 11]


class TestChoice:
    def test_it_moves_and_stays_within(self):
        view = view_of(*MANY)
        assert view.chosen()["id"] == "2"
        for key, id in (("down", "3"), ("j", "1"), ("down", "1"), ("k", "3"), ("home", "2"), ("up", "2"), ("end", "1")):
            view.press(key)
            assert view.chosen()["id"] == id

    def test_it_follows_its_request_to_another_place(self):
        view = view_of(*MANY)
        view.press("down")
        view.take(seen(*MANY, request(id="4", age=99.0)))
        assert (view.index, view.chosen()["id"]) == (2, "3")

    def test_if_the_request_has_ended_its_neighbour_is_chosen(self):
        view = view_of(*MANY)
        view.press("end")
        view.take(seen(*MANY[1:]))
        assert view.chosen()["id"] == "3"
        view.take(seen())
        assert view.chosen() is None
        view.press("down")

    def test_the_stack_of_the_chosen_one_is_asked_for(self):
        view = view_of(*MANY)
        assert view.wanted_stacks() == []
        view.press("enter")
        assert view.wanted_stacks() == ["2"]
        view.press("down")
        assert view.wanted_stacks() == ["3"]
        view.press("escape")
        assert view.wanted_stacks() == []

    def test_what_is_chosen_is_always_on_the_screen(self):
        view = view_of(*(request(id=str(number), age=100.0 - number) for number in range(50)))
        for _ in range(49):
            view.press("down")
            lines = [line.plain for line in lines_of(view, 80, 24)]
            assert view.offset <= view.index < view.offset + view.page
            assert len(lines) == 24
        view.press("home")
        lines_of(view, 80, 24)
        assert view.offset == 0


def test_paused_nothing_changes_but_keys_work():
    view = view_of(*MANY)
    view.press("p")
    view.take(seen())
    assert len(view.rows()) == 3
    view.press("down")
    assert view.chosen()["id"] == "3"
    view.press(" ")
    view.take(seen())
    assert view.rows() == []


def test_requests_per_second_are_those_between_two_looks():
    view = view_of(workers=[worker(requests=1000)], time=100.0)
    assert view.rate(view.seen["workers"][0]) is None
    view.take(seen(workers=[worker(requests=1500), worker(12)], time=102.0))
    assert [view.rate(one) for one in view.seen["workers"]] == [250.0, None]
    view.take(seen(workers=[worker(requests=3)], time=103.0))
    assert view.rate(view.seen["workers"][0]) == 0.0, "another process with that number"


def test_it_can_be_left_and_asked_for_help():
    view = view_of()
    view.press("?")
    assert any("choose a request" in line.plain for line in lines_of(view, 80, 24))
    view.press("q")
    assert (view.shows_help, view.is_over) == (False, False), "any key leaves the help"
    view.press("interrupt")
    assert view.is_over


class TestScreen:
    @pytest.mark.parametrize(("width", "height"), [(80, 24), (140, 40), (40, 8), (20, 3), (300, 100)])
    @pytest.mark.parametrize("keys", ["", "s", "?", "/x", "p"])
    def test_it_fills_the_terminal_and_no_more(self, width, height, keys):
        stack = [{"file": "/srv/shop.py", "line": 12, "function": "order", "source": "return slow()"}] * 30
        rows = [request(id=str(number), stack=stack) for number in range(60)]
        view = view_of(*rows, workers=[worker(pid) for pid in range(100, 140)])
        for key in keys:
            view.press(key)
        lines = lines_of(view, width, height)
        assert len(lines) == height
        assert max(line.cell_len for line in lines) <= width

    def test_it_shows_requests_with_their_places(self):
        text = "\n".join(line.plain for line in lines_of(view_of(*MANY), 140, 40))
        for part in ("GET /z", "queued", "9.9.9.9", "shop.py:12 in order", "supervisor 10", "2 workers wanted"):
            assert part in text

    def test_a_worker_that_does_not_answer_is_seen_with_what_is_known_of_it(self):
        view = view_of(workers=[worker(11), worker(12, is_responsive=False, heartbeat_age=42.0, in_flight=7)])
        (line,) = [line.plain for line in lines_of(view, 100, 24) if line.plain.lstrip().startswith("12 ")]
        assert "no answer" in line
        assert "42.0s" in line
        assert " 7 " in line

    def test_the_innermost_part_of_a_long_stack_is_shown(self):
        stack = [{"file": "/a.py", "line": number, "function": "f", "source": ""} for number in range(100)]
        view = view_of(request(stack=stack, request_id="abc"))
        view.press("s")
        text = "\n".join(line.plain for line in lines_of(view, 100, 24))
        assert "line 99," in text
        assert "line 1," not in text
        assert "id abc" in text

    def test_nothing_that_a_client_sent_reaches_the_terminal_as_a_command(self):
        evil = "/\x1b[2J\x1b]0;x\x07\x9b[31m[red]"
        view = view_of(request(path=evil, route=evil, client=evil, request_id=evil))
        view.press("s")
        text = "".join(line.plain for line in lines_of(view, 200, 24)) + "".join(text_lines(view))
        assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in text)
        assert "[red]" in text

    def test_trouble_is_told(self):
        view = TopView()
        view.trouble = "The server has hung up."
        assert "hung up" in "".join(line.plain for line in lines_of(view, 80, 24))
        view = view_of(coming_generation=2)
        assert any("generation 2 boots" in line.plain for line in lines_of(view, 140, 24))
        view = view_of(last_failure="ImportError")
        assert any("came to nothing" in line.plain for line in lines_of(view, 140, 24))

    def test_as_text(self):
        stack = [{"file": "/srv/shop.py", "line": 12, "function": "order", "source": "return slow()"}]
        view = view_of(request(stack=stack), workers=[worker(11), worker(12, is_responsive=False)])
        text = "\n".join(text_lines(view))
        assert "No answer from: 12" in text
        assert "shop.py:12 in order" in text
        assert "return slow()" in text


class TestKeys:
    @pytest.mark.parametrize(
        ("sent", "keys"),
        [
            ("q", ["q"]),
            ("\x1b[A\x1b[Bx", ["up", "down", "x"]),
            ("\x1bOA", ["up"]),
            ("\x1b", ["escape"]),
            ("\x1b[5~\x1b[6~\x1b[H\x1b[4~", ["pageup", "pagedown", "home", "end"]),
            ("\r\x7f\x03ä", ["enter", "backspace", "interrupt", "ä"]),
            ("\x1b[1;5A\x1b[200~j", ["j"]),
            ("\x1b[", ["escape", "["]),
            ("\x1b[12;", []),
        ],
    )
    def test_sequences_become_names(self, sent, keys):
        assert split_keys(sent) == keys

    def test_a_terminal_gives_keys_at_once_and_is_as_before_afterwards(self):
        ours, theirs = pty.openpty()
        before = termios.tcgetattr(theirs)
        with Keys(theirs) as keys:
            os.write(ours, b"\x03q")
            found = keys.read()
            while len(found) < 2:
                found += keys.read()
            assert found == ["interrupt", "q"]
        assert termios.tcgetattr(theirs) == before
        os.close(ours)
        assert Keys(theirs).read() == ["q"], "a terminal that is gone"
        os.close(theirs)


def test_wording():
    times = [None, 0.0, 0.0124, 0.9999, 5.04, 59.94, 59.96, 125, 7500, 100_000]
    assert [duration(each) for each in times] == [
        "-",
        "0ms",
        "12ms",
        "1.0s",
        "5.0s",
        "59.9s",
        "1m00s",
        "2m05s",
        "2h05m",
        "1d03h",
    ]
    counts = [None, 0, 999, 1024, 10_000, 120 << 20, 3 << 30, 1 << 50]
    assert [size(each) for each in counts] == ["-", "0B", "999B", "1.0K", "9.8K", "120M", "3.0G", "1048576G"]
    assert place(None) == "-"
    assert plain("a\tb\x1b") == "a?b?"
