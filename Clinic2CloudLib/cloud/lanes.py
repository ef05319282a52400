"""Several store requests under way at once, so that one is read while another is written down.

Only the requests run in threads. Whoever starts them also takes their answers, one at a time, so
that what is believed and noted of them is nobody's but the caller's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Self

from ..errors import Cancelled
from .dicomweb import DICOMwebClient
from .multipart import Outgoing
from .store import StoreAnswer

#: The caller is told how far it is, and may cancel, this often, in seconds.
TICK = 0.1


@dataclass(eq=False)
class Flight:
    """One store request under way, or landed."""

    parts: Sequence[Outgoing]
    client: DICOMwebClient
    #: Bytes handed over so far.
    bytes: int = 0
    future: Future[StoreAnswer] = field(default_factory=Future)

    @property
    def uids(self) -> set[str]:
        """SOP Instance UIDs of what it carries."""
        return {part.uid for part in self.parts}

    def answer(self) -> StoreAnswer:
        """Return the server's answer, or raise what :meth:`DICOMwebClient.store` raised."""
        return self.future.result()


class Lanes:
    """Connections to one server, each with at most one store request under way.

    Leaving the context stops what is still being sent and waits for it to have stopped: nobody who
    takes up the rest meets a request of ours.

    Parameters
    ----------
    client : DICOMwebClient
        The first connection; the others are made like it.
    count : int
        How many.
    """

    def __init__(self, client: DICOMwebClient, count: int) -> None:
        self._own = [client.another() for _ in range(count - 1)]
        self._idle = [*self._own, client]
        self._flights: dict[Future[StoreAnswer], Flight] = {}
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(count, "store")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._pool.shutdown()
        for client in self._own:
            client.close()

    @property
    def free(self) -> bool:
        """Whether another request may be started."""
        return bool(self._idle)

    @property
    def under_way(self) -> frozenset[str]:
        """SOP Instance UIDs that no answer has come for yet."""
        return frozenset().union(*(flight.uids for flight in self._flights.values()))

    @property
    def bytes_under_way(self) -> int:
        """Bytes handed over of them."""
        return sum(flight.bytes for flight in self._flights.values())

    def start(self, parts: Sequence[Outgoing]) -> None:
        """Send instances over a free connection."""
        flight = Flight(parts, self._idle.pop())

        def sent(count: int) -> None:
            if self._stop.is_set():
                raise Cancelled("sending was stopped")
            flight.bytes += count

        flight.future = self._pool.submit(flight.client.store, parts, sent)
        self._flights[flight.future] = flight

    def landed(self, watch: Callable[[], None]) -> Flight:
        """Wait for an answer; ``watch`` is called meanwhile and may raise Cancelled."""
        watch()
        while not (done := wait(self._flights, TICK, FIRST_COMPLETED).done):
            watch()
        flight = self._flights.pop(done.pop())
        self._idle.append(flight.client)
        return flight
