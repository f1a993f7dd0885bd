"""CallTree: real stacks, deterministic, on each thread for itself."""

import pstats
import sys
import threading

import pytest

from demijohn.middleware.calltree import CallTree, Statistics, place_of


def leaf():
    return len("leaf")


def left():
    return leaf()


def right():
    return [leaf() for _ in range(3)]


def both():
    left()
    right()


def fall(depth):
    if depth:
        fall(depth - 1)
    else:
        raise ZeroDivisionError


def numbers():
    yield leaf()
    yield leaf()


def shape(node):
    """The stacks below a node, with how often each was called; without what differs between versions of Python."""
    inner = {}
    for child in node.children.values():
        name = place_of(child).name
        if child.calls and name not in {"right.<locals>.<listcomp>"}:
            inner[name] = (child.calls, shape(child))
        elif child.calls:
            inner |= shape(child)
    return inner


def tree_of(function, **options):
    tree = CallTree(**options)
    tree.run(function)
    return tree


class TestStacks:
    def test_a_function_called_from_two_places_is_two_stacks(self):
        by_leaf = {"builtins.len": (1, {})}
        assert shape(tree_of(both).root) == {
            "both": (
                1,
                {"left": (1, {"leaf": (1, by_leaf)}), "right": (1, {"leaf": (3, {"builtins.len": (3, {})})})},
            )
        }

    def test_times_are_within_those_of_the_caller(self):
        waiting = [tree_of(both).root]
        while waiting:
            node = waiting.pop()
            children = [child for child in node.children.values() if child.calls]
            assert 0 <= node.own_ns <= node.total_ns
            assert sum(child.total_ns for child in children) <= node.total_ns
            waiting += children

    def test_an_exception_ends_all_it_passes(self):
        tree = CallTree()
        with pytest.raises(ZeroDivisionError):
            tree.run(lambda: fall(2))
        (outer,) = (one for one in shape(tree.root).values() if one[1])
        assert outer == (1, {"fall": (1, {"fall": (1, {"fall": (1, {})})})})
        assert tree.root.calls == 1

    def test_each_time_a_generator_goes_on_counts(self):
        calls = shape(tree_of(lambda: list(numbers())).root)
        (inner,) = calls.values()
        assert inner[1]["numbers"][0] == 3

    def test_several_runs_add_up(self):
        tree = tree_of(left)
        tree.run(left)
        assert shape(tree.root)["left"][0] == 2

    def test_the_profile_function_of_before_comes_back(self):
        def watch(frame, event, arg):
            pass

        before = sys.getprofile()
        sys.setprofile(watch)
        try:
            tree_of(both)
            assert sys.getprofile() is watch
        finally:
            sys.setprofile(before)

    def test_one_within_another(self):
        inner = CallTree()
        outer = tree_of(lambda: (inner.run(left), right()))
        assert shape(inner.root)["left"][0] == 1
        (seen,) = shape(outer.root).values()
        assert seen[1]["right"] == (1, {"leaf": (3, {"builtins.len": (3, {})})}), "it goes on behind the inner one"

    def test_threads_do_not_meet(self):
        barrier = threading.Barrier(4)
        trees = [CallTree() for _ in range(4)]

        def work():
            barrier.wait(20)
            both()
            barrier.wait(20)

        threads = [threading.Thread(target=tree.run, args=(work,)) for tree in trees]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        for tree in trees:
            (work_seen,) = shape(tree.root).values()
            assert work_seen[1]["both"][0] == 1

    def test_a_limit_of_stacks(self):
        tree = tree_of(both, most_stacks=2)
        assert not tree.is_complete
        assert shape(tree.root) == {"both": (1, {"left": (1, {})})}
        assert tree_of(both).is_complete

    def test_deep_stacks(self):
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(5000)
        try:
            tree = CallTree()
            with pytest.raises(ZeroDivisionError):
                tree.run(lambda: fall(3000))
            stats = pstats.Stats(Statistics(tree))
        finally:
            sys.setrecursionlimit(limit)
        (row,) = (row for (_, _, name), row in stats.stats.items() if name == "fall")
        assert row[:2] == (1, 3001), "primitive calls, and all"


class TestStatistics:
    def test_as_cprofile_counts(self):
        rows = {name: row for (_, _, name), row in pstats.Stats(Statistics(tree_of(both))).stats.items()}
        assert rows["leaf"][:2] == (4, 4)
        assert rows["both"][3] >= rows["left"][3] + rows["right"][3]
        assert sum(row[2] for row in rows.values()) == pytest.approx(rows["both"][3])
        callers = {name: calls for (_, _, name), calls in rows["leaf"][4].items()}
        assert callers["left"][:2] == (1, 1)

    def test_builtins_are_named_as_cprofile_names_them(self):
        names = [key for key in pstats.Stats(Statistics(tree_of(both))).stats if key[0] == "~"]
        assert ("~", 0, "<built-in method builtins.len>") in names


def test_kinds():
    import json

    kinds = {}

    def work():
        leaf()
        json.dumps([1], indent=1)

    waiting = [tree_of(work).root]
    while waiting:
        node = waiting.pop()
        waiting += node.children.values()
        place = place_of(node)
        kinds[place.name] = place.kind
    assert kinds["leaf"] == "own"
    assert kinds["dumps"] == "standard library"
    assert kinds["builtins.len"] == "built-in"
