"""Gets one case to the server: asks, sends what is missing, believes little, verifies."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Mapping

from ..cases.case import Case, CaseInstance
from ..errors import CloudError
from ..progress import Progress
from .batches import BATCH_BYTES, CONNECTIONS, BatchSize, sample
from .content import Fingerprint, fingerprint_of
from .dicomweb import DICOMwebClient
from .lanes import Lanes
from .multipart import Outgoing
from .outbox import Entry, Outbox
from .retry import Patience, TemporaryError
from .store import DUPLICATE, StoreAnswer

#: So many answers in a row without one instance kept end the upload.
BARREN = 3
#: From so many instances on, a whole series is read back in one answer.
WORTH_A_SERIES = 8
#: How often a server that acknowledged everything is asked again for what a search does not show.
PATIENT_SEARCHES = 5


class Transfer:
    """One case on its way; every step is noted in the outbox before the next begins.

    Attributes
    ----------
    sent : int
        Instances handed over, repeated ones counted again.
    bytes_sent : int
        Bytes of instances handed over, likewise.
    already_there : int
        Instances found at the server that this run did not have to send.
    compared : int
        Instances read back and found to be the bytes that were approved.
    """

    def __init__(
        self, case: Case, entry: Entry, outbox: Outbox, client: DICOMwebClient, progress: Progress
    ) -> None:
        self._case = case
        self._entry = entry
        self._outbox = outbox
        self._client = client
        self._progress = progress
        self._items = {item.sop_instance_uid: item for item in case.instances}
        self._states: dict[str, str] = {}
        self._total = sum(item.bytes for item in case.instances) or 1
        self._size = BatchSize()
        # Its own count: a search that succeeds between two stores that do not is no progress.
        self._patience = Patience(client.patience.policy, contact=True)
        self._suspects: set[str] = set()
        self._barren = 0
        self.sent = self.bytes_sent = self.already_there = self.compared = 0

    def run(self) -> None:
        """Bring everything to the server and verify it.

        Raises
        ------
        CloudError
            When the server does not take, or does not keep, what it is sent.
        NotApprovedError
            When a file is not what was approved any more.
        Cancelled
            When the progress asked for it; the outbox stays resumable.
        """
        states = self._outbox.instances(self._entry.id)
        self._states = {uid: states.get(uid, "pending") for uid in self._items}
        self._progress(0.0, "asking what the server has")
        self._ask()
        self.already_there = len(self._items) - len(self._in("pending"))
        self._send_pending()
        if self._missing_after_all():
            self._send_pending()
            if missing := self._missing_after_all():
                raise CloudError(
                    f"{self._host} acknowledged all instances but does not have"
                    f" {len(missing)} of {len(self._items)}"
                )
        self._compare()
        self._note(dict.fromkeys(self._items, "verified"))

    # ------------------------------------------------------------------ ask

    def _ask(self) -> frozenset[str]:
        """Ask which instances are there; note those nobody acknowledged and those that are lost."""
        everything = frozenset(self._items)
        there = self._client.present(
            self._case.study_uid, self._case.series_uid, everything, self._at_rest
        )
        # What is there although no answer acknowledged it may be an older copy: to be compared.
        found = dict.fromkeys(there & self._in("pending"), "present")
        lost = dict.fromkeys(self._in("acknowledged", "present", "verified") - there, "pending")
        self._note(found | lost)
        return there

    def _ask_after_trouble(self) -> None:
        """Ask what got through although no answer said so; whatever did is progress."""
        before = len(self._in("pending"))
        self._ask()
        if len(self._in("pending")) < before:
            self._patience.succeeded()

    def _missing_after_all(self) -> frozenset[str]:
        """Ask until a search shows all instances; return what it still does not show."""
        pause = 0.25
        for attempt in range(PATIENT_SEARCHES):
            acknowledged = self._in("acknowledged", "present", "verified")
            there = self._client.present(
                self._case.study_uid, self._case.series_uid, acknowledged, self._at_rest
            )
            if there == acknowledged:
                break
            if attempt + 1 < PATIENT_SEARCHES:
                self._sleep(pause, "waiting for the server to list the instances")
                pause *= 2
        self._note(dict.fromkeys(acknowledged - there, "pending"))
        return acknowledged - there

    # ----------------------------------------------------------------- send

    def _send_pending(self) -> None:
        """Send until nothing is pending; at any trouble all stop, and the server is asked."""
        with Lanes(self._client, CONNECTIONS) as lanes:
            while True:
                while lanes.free and (batch := self._next_batch(lanes.under_way)):
                    lanes.start(batch)
                if not lanes.under_way:
                    return
                trouble = self._land(lanes)
                if trouble is None:
                    continue
                while lanes.under_way:
                    self._land(lanes)
                self._patience.wait(trouble, self._progress, self._fraction())
                self._ask_after_trouble()

    def _land(self, lanes: Lanes) -> TemporaryError | None:
        """Take in one request's answer; return what is to be put up with, if anything."""
        flight = lanes.landed(lambda: self._report(lanes.bytes_under_way))
        self.bytes_sent += flight.bytes
        try:
            answer = flight.answer()
        except TemporaryError as error:
            self._note({}, attempted=flight.uids)
            self._size.broke()
            return error
        return self._take(answer, flight.uids)

    def _next_batch(self, under_way: frozenset[str]) -> list[Outgoing]:
        """Return what goes into the next request; instances refused before go last, and alone."""
        pending = self._in("pending") - under_way
        alone = pending <= self._suspects
        if not pending or (alone and under_way):
            return []
        batch: list[Outgoing] = []
        size = 0
        for uid, item in self._items.items():
            if uid not in pending or (uid in self._suspects and not alone):
                continue
            if batch and (alone or len(batch) >= self._size.now or size + item.bytes > BATCH_BYTES):
                break
            batch.append(self._outgoing(item))
            size += item.bytes
        if under_way and size > BATCH_BYTES:  # so large that a server may hold it in memory
            return []
        self.sent += len(batch)
        return batch

    def _take(self, answer: StoreAnswer, batch: set[str]) -> TemporaryError | None:
        """Believe the acknowledged UIDs and nothing else; return why to wait, if none are."""
        duplicates = {uid for uid, reason in answer.failed.items() if reason == DUPLICATE}
        believed = dict.fromkeys(answer.kept - answer.changed, "acknowledged")
        compared = dict.fromkeys(answer.changed | duplicates, "present")
        self._note(believed | compared, attempted=batch)
        if answer.kept or duplicates:
            self._barren = 0
            self._patience.succeeded()
            self._size.went_well()
        if not (left := batch - answer.kept - duplicates):
            return None
        refused = left & self._suspects
        self._suspects |= left
        if not answer.kept and not duplicates:
            self._barren += 1
        if self._barren >= BARREN or (refused and len(batch) == 1 and answer.status >= 400):
            raise CloudError(self._why_not(answer, left))
        if not self._barren:
            return None
        self._size.broke()
        return TemporaryError(self._why_not(answer, left))

    def _why_not(self, answer: StoreAnswer, left: set[str]) -> str:
        reasons = sorted({answer.failed[uid] for uid in left if uid in answer.failed})
        said = ", ".join(f"failure reason 0x{reason:04X}" for reason in reasons[:3])
        if any(reason >> 8 == 0xA7 for reason in reasons):
            return f"{self._host} has no space left for the instances ({said})"
        if answer.status == 413:
            return f"{self._host} refuses an instance as too large (413)"
        if answer.status < 300 and not said:
            return (
                f"{self._host} answers {answer.status} but does not keep the instances;"
                " its disk may be full"
            )
        return f"{self._host} refuses instances ({answer.status}{', ' + said if said else ''})"

    # --------------------------------------------------------------- verify

    def _compare(self) -> None:
        """Read back what was there before, and a sample of the rest, and compare the content."""
        study, series = self._case.study_uid, self._case.series_uid
        fresh = sample([self._items[uid] for uid in sorted(self._in("acknowledged"))])
        left = self._in("present") | {item.sop_instance_uid for item in fresh}
        total = len(left)
        if total >= WORTH_A_SERIES and 2 * total >= len(self._items):
            # One answer spares a round trip for each; what it lacks is asked for singly.
            with contextlib.suppress(TemporaryError):
                for theirs in self._client.fingerprints(study, series):
                    if theirs.uid in left:
                        self._compare_one(theirs.uid, theirs, total)
                        left -= {theirs.uid}
        for uid in sorted(left):
            self._compare_one(
                uid, self._client.fingerprint(study, series, uid, self._at_rest), total
            )

    def _compare_one(self, uid: str, theirs: Fingerprint, total: int) -> None:
        item = self._items[uid]
        if not theirs.agrees_with(fingerprint_of(self._case.path_of(item))):
            raise CloudError(
                f"{self._host} keeps other content under the UID of {item.file}: an older copy"
                " must be removed there first, for it may be identifiable"
            )
        self.compared += 1
        self._progress(0.9 + 0.1 * self.compared / total, "comparing what the server keeps")

    # --------------------------------------------------------------- inside

    @property
    def _host(self) -> str:
        return self._client.destination.host

    def _outgoing(self, item: CaseInstance) -> Outgoing:
        return Outgoing(item.sop_instance_uid, self._case.path_of(item), item.bytes, item.sha256)

    def _in(self, *states: str) -> frozenset[str]:
        return frozenset(uid for uid, state in self._states.items() if state in states)

    def _note(self, states: Mapping[str, str], attempted: Iterable[str] = ()) -> None:
        moved = {uid: state for uid, state in states.items() if self._states[uid] != state}
        if moved or attempted:
            self._outbox.set_instances(self._entry.id, moved, attempted)
            self._states.update(moved)

    def _fraction(self, under_way: int = 0) -> float:
        pending = sum(self._items[uid].bytes for uid in self._in("pending"))
        return 0.9 * max(0.0, min(1.0, (self._total - pending + under_way) / self._total))

    def _report(self, under_way: int) -> None:
        """Tell the progress how far it is, with the bytes of requests that are under way."""
        done = len(self._items) - len(self._in("pending"))
        self._progress(self._fraction(under_way), f"sent {done} of {len(self._items)} instances")

    def _at_rest(self, _: float, message: str) -> None:
        """Pass on what a retrying call says, at the fraction the whole work has reached."""
        self._progress(self._fraction(), message)

    def _sleep(self, seconds: float, message: str) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._progress(self._fraction(), message)
            time.sleep(min(0.25, left))
