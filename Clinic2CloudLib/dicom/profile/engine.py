"""The header engine: one instance's bytes in, the de-identified instance and its audit out."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from ...errors import NotDeidentifiableError
from ..pseudonyms import Pseudonyms
from . import tables
from .actions import Profile
from .charset import decode
from .cleaning import Cleaning
from .contexts import Place
from .dates import move_dates
from .dummies import person_code
from .encoding import Encoding
from .handlers import CODED, HANDLERS, SPECIAL
from .identifiers import Known, learn
from .markers import codes_for, marker_elements
from .options import HeaderResult, PixelsDone, ProfileOptions
from .part10 import DataSet, file_meta, open_data_set, write_file
from .payload import check_payloads, clear_overlay_bits, refuse_recordings
from .private import PrivateRules
from .reorder import OutOfOrderError, reordered
from .rules import Shared
from .uids import holds_uid, is_standard_class, is_well_known
from .walk import walk
from .work import Level, Work, flatten

__all__ = ["HeaderDeidentifier"]

_CACHED = 1 << 12
_Value = TypeVar("_Value")
_SOP_CLASS = 0x00080016


class HeaderDeidentifier:
    """De-identifies headers by the Basic Application Level Confidentiality Profile and its options.

    PS3.15 Annex E in the edition of :func:`tables.edition`. There is no state but the key in
    ``pseudonyms``: caches are bounded and hold what would be computed again. Objects may be used
    by several processes and, one at a time, by several threads.

    Parameters
    ----------
    options : ProfileOptions
        What the site chose.
    pseudonyms : Pseudonyms
        Keyed replacements.
    cleaner : DescriptorCleaner, optional
        Cleans free text. Without one, what would be cleaned is removed or replaced.

    Raises
    ------
    InputError
        When two options contradict each other.
    """

    def __init__(
        self, options: ProfileOptions, pseudonyms: Pseudonyms, cleaner: Any | None = None
    ) -> None:
        self.options = options
        self.pseudonyms = pseudonyms
        self.private = PrivateRules(options.retain_safe_private, options.keep_private)
        self.cleaning = Cleaning(cleaner)
        profile = Profile(options, cleaner is not None)
        self._shared = Shared(profile, HANDLERS, SPECIAL, CODED, person_code)
        self._places: dict[Any, Place] = {}
        self._known: dict[Any, Known] = {}
        self._new_uids: dict[bytes, bytes] = {}
        self._tallies: dict[Any, Mapping[str, Mapping[str, int]]] = {}
        self._markers: dict[Any, list[tuple[int, bytes]]] = {}

    def __reduce__(self) -> tuple[type[HeaderDeidentifier], tuple[Any, ...]]:
        return type(self), (self.options, self.pseudonyms, self.cleaning.cleaner)

    def deidentify(self, raw: bytes, pixels: PixelsDone = PixelsDone()) -> HeaderResult:  # noqa: B008
        """De-identify one instance.

        Parameters
        ----------
        raw : bytes
            A DICOM file, or a data set without preamble or file meta information.
        pixels : PixelsDone
            What was done to its pixel data before.

        Returns
        -------
        HeaderResult
            The new file, in the transfer syntax of the source, with encapsulated or native pixel
            data as they were to the bit.

        Raises
        ------
        NotDeidentifiableError
            When it cannot be read, or not be de-identified with certainty.
        """
        try:
            return self._deidentify(bytes(raw), pixels)
        except (struct.error, IndexError, RecursionError, OverflowError):
            raise NotDeidentifiableError("the data set is truncated or malformed") from None

    def _deidentify(self, raw: bytes, pixels: PixelsDone) -> HeaderResult:
        """De-identify, with the elements put in order where they are not."""
        source = open_data_set(raw)
        try:
            return self._from(source, pixels)
        except OutOfOrderError:
            in_order = reordered(source.raw, source.start, source.encoding)
            return self._from(replace(source, raw=in_order, start=0), pixels)

    def _from(self, source: DataSet, pixels: PixelsDone) -> HeaderResult:
        """De-identify, in a second and careful walk when the first left a known token in text."""
        sop_class = _find_sop_class(source) or source.meta_sop_class
        if not is_standard_class(sop_class):
            raise NotDeidentifiableError("the SOP class is missing or not a standard one")
        refuse_recordings(sop_class)
        work, pieces, known = self._walked(source, sop_class, pixels, None)
        kept = b"\0".join(work.kept).lower()
        if known.in_bytes(kept) or holds_uid(kept, work.uids):
            work, pieces, known = self._walked(source, sop_class, pixels, known)
        check_payloads(work, known)
        if work.overlay_in_pixels:
            clear_overlay_bits(work, source)
        return self._result(source, sop_class, pixels, work, pieces, known)

    def _walked(
        self, source: DataSet, sop_class: str, pixels: PixelsDone, known: Known | None
    ) -> tuple[Work, list[Any], Known]:
        """Walk through the data set and fill in what only the whole header can tell."""
        work = Work(source.raw, self, known)
        place = self._place(sop_class, source.encoding, known is not None, pixels)
        inserts = list(reversed(self._marker_elements(pixels, source.encoding)))
        _, pieces = walk(work, place, source.start, len(source.raw), Level(b""), inserts=inserts)
        if known is None:
            key = tuple(work.found)
            known = _remembered(self._known, key, lambda: learn(key), 128)
        self._fill_in(work, known)
        return work, pieces or [], known

    def _fill_in(self, work: Work, known: Known) -> None:
        """Give every postponed piece its bytes."""
        patient, issuer = _patient(work)
        pseudonyms = self.pseudonyms
        for later in work.patients:
            own = patient
            if later.rule.keyword == "PatientID":
                own = decode(later.value, later.charset) or later.value.decode("latin-1")
            new = pseudonyms.patient_id(own, issuer)
            later.data = later.rule.element(new.encode("ascii"))
            if later.rule.place.is_top:
                work.top[later.rule.keyword] = new.encode("ascii")
        if work.dates:
            move_dates(work, pseudonyms.date_shift(patient, issuer))
        for later in work.cleanups:
            later.data = self.cleaning.cleaned(work, later, known)

    def new_uid(self, raw: bytes) -> bytes:
        """Return the keyed UID for one, as bytes without padding."""
        new = self._new_uids.get(raw)
        if new is None:
            text = self.pseudonyms.uid(raw.decode("latin-1").strip("\0 "))
            new = _remembered(self._new_uids, raw, lambda: text.encode("ascii"), 1 << 13)
        return new

    def new_uids(self, work: Work, raw: bytes) -> bytes:
        """Return a UI value with every UID replaced that is not a well-known one."""
        if b"\\" in raw:
            return b"\\".join(self.new_uids(work, part) for part in raw.split(b"\\"))
        raw = raw.strip(b"\0 ")
        new = work.uids.get(raw)
        if new is None:
            new = raw if is_well_known(raw, "") else self.new_uid(raw)
            if new != raw:
                work.uids[raw] = new
        return new

    def _place(
        self, sop_class: str, encoding: Encoding, careful: bool, pixels: PixelsDone
    ) -> Place:
        """Return the top place for an IOD; the markers' own tags are dropped there."""
        types = tables.attribute_types(sop_class)
        markers = frozenset(tag for tag, _ in self._marker_elements(pixels, encoding))
        key = (sop_class if types is not None else "", encoding.name, careful, markers)

        def make() -> Place:
            return Place(self._shared, types, (), encoding, careful=careful, dropped=markers)

        return _remembered(self._places, key, make)

    def _marker_elements(self, pixels: PixelsDone, encoding: Encoding) -> list[tuple[int, bytes]]:
        can_clean = self._shared.profile.can_clean

        def make() -> list[tuple[int, bytes]]:
            return marker_elements(self.options, pixels, can_clean, encoding)

        return _remembered(self._markers, (pixels, encoding.name), make)

    def _result(
        self,
        source: DataSet,
        sop_class: str,
        pixels: PixelsDone,
        work: Work,
        pieces: list[Any],
        known: Known,
    ) -> HeaderResult:
        """Put the new file and its audit together."""
        top = {name: value.decode("latin-1") for name, value in work.top.items()}
        instance = top.get("SOPInstanceUID", "")
        if not instance:
            raise NotDeidentifiableError("there is no SOP Instance UID")
        meta = file_meta(sop_class, instance, source.transfer_syntax)
        patient = decode(work.top.get("PatientID", b""), b"") or ""
        uids = {old.decode("latin-1"): new.decode("ascii") for old, new in work.uids.items()}
        return HeaderResult(
            data=write_file(meta, flatten(pieces), source.transfer_syntax),
            sop_instance_uid=instance,
            sop_class_uid=sop_class,
            series_uid=top.get("SeriesInstanceUID", ""),
            study_uid=top.get("StudyInstanceUID", ""),
            patient_id=patient.strip(),
            actions=self._tally(work.seen),
            kept_text=self.cleaning.kept_text(work),
            codes=codes_for(self.options, pixels, self._shared.profile.can_clean),
            identifiers={**known.by_kind, "uid": frozenset(uids)},
            uids=uids,
        )

    def _tally(self, seen: list[int]) -> Mapping[str, Mapping[str, int]]:
        """Count actions by attribute; the slices of a series mostly share one tally."""
        key = tuple(seen)

        def count() -> Mapping[str, Mapping[str, int]]:
            audits = self._shared.audits
            tally: dict[str, dict[str, int]] = {}
            for number in seen:
                action, keyword = audits[number]
                of_action = tally.setdefault(action, {})
                of_action[keyword] = of_action.get(keyword, 0) + 1
            return tally

        return _remembered(self._tallies, key, count, 256)


def _remembered(cache: dict[Any, _Value], key: Any, make: Any, most: int = _CACHED) -> _Value:
    """Return a value from a bounded cache; a full one starts again, which changes no result."""
    found = cache.get(key)
    if found is None:
        if len(cache) >= most:
            cache.clear()
        found = cache[key] = make()
    return found


def _patient(work: Work) -> tuple[str, str]:
    """Return what pseudonym and date shift are keyed by: ID and issuer, else the name."""
    source = work.source
    if source.get("PatientID"):
        return source["PatientID"], source.get("IssuerOfPatientID", "")
    return source.get("PatientName", ""), ""


def _find_sop_class(source: DataSet) -> str:
    """Return the data set's SOP Class UID, which decides the Types before it is reached."""
    raw, encoding, pos = source.raw, source.encoding, source.start
    while pos + 8 <= len(raw):
        tag = encoding.tag_of(raw[pos : pos + 4])
        if tag > _SOP_CLASS:
            return ""
        vr = raw[pos + 4 : pos + 6].decode("latin-1") if encoding.explicit else "UN"
        header = encoding.header(vr)
        length = header.unpack(raw, pos + header.length_at)[0]
        value = pos + header.size
        if tag == _SOP_CLASS:
            return raw[value : value + min(length, 128)].decode("latin-1").strip("\0 ")
        pos = value + length
    return ""
