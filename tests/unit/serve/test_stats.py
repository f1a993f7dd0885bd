"""Counts in memory that is given, and by its attributes."""

import sys
import threading

from demijohn.serve.stats import ANSWERS, CELLS, ENDED, LEVELS, REFUSED, REJECTS, REQUESTS, Stats


def test_attributes_read_the_cells_that_are_given():
    cells = memoryview(bytearray(8 * CELLS)).cast("q")
    stats = Stats(cells)
    cells[REQUESTS] += 3
    stats.cells[REJECTS] += 1
    stats.cells[ENDED] += 1
    stats.cells[ANSWERS + 4] += 2
    assert (stats.requests, stats.rejects, stats.in_flight) == (3, 1, 2)
    assert stats.answers == {"": 0, "1xx": 0, "2xx": 0, "3xx": 0, "4xx": 2, "5xx": 0}
    assert Stats().requests == 0, "others have cells of their own"
    snapshot = stats.snapshot()
    assert snapshot["requests"] == 3
    assert {"connections_open", "sent_bytes", "threads_replaced"} <= snapshot.keys()


def test_cells_do_not_overlap():
    from demijohn.serve import stats as module

    singles = [
        value for name, value in vars(module).items() if name.isupper() and isinstance(value, int) and name != "CELLS"
    ]
    taken = [*singles, *range(ANSWERS + 1, ANSWERS + 6), *REFUSED.values()]
    assert len(set(taken)) == len(taken)
    assert max(taken) < CELLS
    assert set(taken) > LEVELS


def test_answers_are_counted_by_any_thread():
    stats = Stats()
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def work():
        for _ in range(2000):
            with stats.lock:
                stats.cells[ANSWERS + 2] += 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    finally:
        sys.setswitchinterval(before)
    assert stats.answers["2xx"] == 16_000
