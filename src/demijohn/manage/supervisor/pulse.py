"""`PulseBoard`: two numbers of each worker in memory that is shared with the arbiter; they outlive a worker that is killed.

Made before any fork. A row belongs to one worker at a time: that worker writes, the arbiter reads.
"""

import mmap
from typing import Final

_CELLS: Final = 2


class PulseBoard:
    """Rows of a beat and a count of requests."""

    def __init__(self, rows: int) -> None:
        self._cells = memoryview(mmap.mmap(-1, rows * _CELLS * 8)).cast("Q")
        self._free = list(range(rows - 1, -1, -1))

    def take(self) -> int:
        """Return a row for a new worker, at zero.

        Raises:
            OSError: there are more workers than rows.
        """
        if not self._free:
            raise OSError("There is no room for one more worker; wait until some have stopped")
        row = self._free.pop()
        self._cells[row * _CELLS] = self._cells[row * _CELLS + 1] = 0
        return row

    def give_back(self, row: int) -> None:
        """Free the row of a worker that is gone."""
        self._free.append(row)

    def beat(self, row: int, requests: int) -> None:
        """Show that a worker lives, and what it has done."""
        self._cells[row * _CELLS] += 1
        self._cells[row * _CELLS + 1] = requests

    def read(self, row: int) -> tuple[int, int]:
        """Return beats and requests."""
        return self._cells[row * _CELLS], self._cells[row * _CELLS + 1]
