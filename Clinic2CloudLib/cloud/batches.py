"""How much goes into one request, and how much is read back."""

from __future__ import annotations

from collections.abc import Sequence

from ..cases.case import CaseInstance

#: Most bytes of one request; a larger instance goes alone.
BATCH_BYTES = 16 << 20
#: Instances of the first request, and most of one request: more is not faster, and what a broken
#: line costs is what the request held.
FIRST_BATCH, LARGEST_BATCH = 8, 16
#: Requests under way at once: while the server writes one down, the next is on its way.
CONNECTIONS = 2
#: After so many requests in a row without trouble, a size that trouble had halved is doubled again.
CALM = 32
#: Of the newly sent instances, how many are read back and compared, and how many bytes at most.
SAMPLE, SAMPLE_BYTES = 4, 64 << 20


class BatchSize:
    """How many instances go into one request: grows when all is well, halves at each trouble.

    With 16 at most, eight broken lines cost at most 16 + 8 + 4 + 2 + 1 + ... instances.
    """

    def __init__(self) -> None:
        self.now = FIRST_BATCH
        self._ceiling = LARGEST_BATCH
        self._calm = 0

    def went_well(self) -> None:
        """Note a request that was answered and kept."""
        self._calm += 1
        if self._calm >= CALM:
            self._ceiling = min(self._ceiling * 2, LARGEST_BATCH)
            self._calm = 0
        self.now = min(self.now * 2, self._ceiling)

    def broke(self) -> None:
        """Note a request whose answer never came."""
        self._ceiling = self.now = max(1, self.now // 2)
        self._calm = 0


def sample(items: Sequence[CaseInstance]) -> list[CaseInstance]:
    """Return a few instances spread over a series, within a limit of bytes."""
    if not items:
        return []
    step = max(1, (len(items) - 1) // max(1, SAMPLE - 1))
    chosen: list[CaseInstance] = []
    size = 0
    for item in items[::step][:SAMPLE]:
        if size + item.bytes <= SAMPLE_BYTES:
            chosen.append(item)
            size += item.bytes
    return chosen
