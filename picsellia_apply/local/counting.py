"""One count of files out of several: a run reads folder after folder, and tells how far it is as a whole."""

from __future__ import annotations

from picsellia_apply.local.measure import Progress


class AddedUp:
    """Adds the counts of parts that are read one after another."""

    def __init__(self, tell: Progress) -> None:
        """Begin at nothing.

        Args:
            tell: Gets the sums: files read, of the files of all parts begun so far.
        """
        self._tell = tell
        self._before = 0
        self._last = 0

    def part(self) -> Progress:
        """Return what the next part tells its own count to."""
        self._before += self._last
        self._last = 0
        before = self._before

        def tell(done: int, total: int) -> None:
            self._last = total
            self._tell(before + done, before + total)

        return tell
