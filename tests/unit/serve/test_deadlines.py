"""The wheel: never early, late by at most a second, and nothing is lost when deadlines move."""

from hypothesis import given
from hypothesis import strategies as st

from demijohn.serve.deadlines import NEVER, DeadlineWheel


class Item:
    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.slot = -1.0


def test_an_item_expires_within_a_second_after_its_deadline():
    wheel = DeadlineWheel()
    item = Item(10.25)
    wheel.add(item, 0.0)
    assert list(wheel.expired(10.25)) == []
    assert list(wheel.expired(11.25)) == [item]
    assert list(wheel.expired(99.0)) == []


def test_a_deadline_that_moved_on_costs_nothing_and_holds():
    wheel = DeadlineWheel()
    item = Item(5.0)
    wheel.add(item, 0.0)
    item.deadline = 50.0
    assert list(wheel.expired(6.0)) == []
    assert list(wheel.expired(49.0)) == []
    assert list(wheel.expired(51.0)) == [item]


def test_an_earlier_deadline_counts_once_added_again():
    wheel = DeadlineWheel()
    item = Item(20.0)
    wheel.add(item, 0.0)
    item.deadline = 3.0
    wheel.add(item, 0.0)
    assert list(wheel.expired(4.0)) == [item]
    assert list(wheel.expired(30.0)) == []


def test_a_removed_item_never_expires():
    wheel = DeadlineWheel()
    item = Item(1.0)
    wheel.add(item, 0.0)
    wheel.remove(item)
    assert list(wheel.expired(100.0)) == []


def test_no_items_no_time():
    wheel = DeadlineWheel()
    assert wheel.next_time == NEVER
    wheel.add(Item(NEVER), 0.0)
    assert wheel.next_time <= 31.0


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), max_size=30), st.lists(st.floats(0, 40), max_size=20))
def test_every_item_expires_exactly_once_at_its_last_deadline(moves, steps):
    wheel = DeadlineWheel()
    items = []
    for first, last in moves:
        item = Item(first)
        wheel.add(item, 0.0)
        item.deadline = last
        if last < item.slot - 1:
            wheel.add(item, 0.0)
        items.append(item)
    seen = []
    now = 0.0
    for step in [*steps, 200.0, 2.0]:
        now += step
        for item in wheel.expired(now):
            assert item.deadline <= now
            seen.append(item)
        assert all(item in seen for item in items if item.deadline <= now - 2)
    assert len(seen) == len(items)


def test_a_deadline_that_another_thread_moves_while_its_item_is_put_into_a_slot_holds():
    """A handler's thread sets the deadline and looks at the slot; the wheel sets the slot and looks at the deadline."""

    class Moved:
        slot = -1.0
        deadlines = iter([NEVER])

        @property
        def deadline(self) -> float:
            return next(self.deadlines, 3.0)

    wheel = DeadlineWheel()
    item = Moved()
    wheel.add(item, 0.0)
    assert item.slot <= 4
    assert list(wheel.expired(4.0)) == [item]
    assert list(wheel.expired(99.0)) == []


def test_what_is_soon_comes_to_the_millisecond_and_once():
    wheel = DeadlineWheel()
    soon, later = Item(NEVER), Item(10.2)
    wheel.add(later, 10.0)
    wheel.add_soon(soon, 10.001)
    assert wheel.next_time == 10.001
    assert list(wheel.expired(10.0005)) == []
    assert list(wheel.expired(10.001)) == [soon]
    assert wheel.next_time == 11
    assert list(wheel.expired(11.0)) == [later]
    assert wheel.next_time == NEVER


def test_what_is_soon_can_be_forgotten():
    wheel = DeadlineWheel()
    one, other = Item(NEVER), Item(NEVER)
    wheel.add_soon(one, 10.001)
    wheel.add_soon(other, 10.002)
    wheel.remove(one)
    assert list(wheel.expired(10.003)) == [other]
    assert wheel.next_time == NEVER
