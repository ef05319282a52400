"""The checks. One check is one function with one kind of finding; here is which there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..model import CaseView, Finding, InstanceView
from . import (
    claims,
    dates,
    exports,
    files,
    identity,
    leaks,
    meta,
    people,
    pixels,
    private,
    records,
    uids,
)

InstanceCheck = Callable[[CaseView, InstanceView], Iterator[Finding]]
CaseCheck = Callable[[CaseView], Iterator[Finding]]

#: Kind to check, run on each instance as pydicom read it.
INSTANCE_CHECKS: Mapping[str, InstanceCheck] = {
    leaks.LEAK: leaks.check_leaks,
    identity.SHORT_LEAK: identity.check_short_values,
    uids.ORIGINAL_UID: uids.check_uids,
    meta.PREAMBLE: meta.check_preamble,
    meta.FILE_META: meta.check_file_meta,
    claims.CODES: claims.check_codes,
    claims.DATES_CLAIM: claims.check_dates_claim,
    claims.TEXT_CLAIM: claims.check_text_claim,
    claims.FACE_CLAIM: claims.check_face_claim,
    private.PRIVATE: private.check_private,
    people.PERSON: people.check_people,
    dates.DATE: dates.note_dates,
    uids.IDENTITY: uids.check_identity,
    uids.REFERENCE: uids.note_references,
    pixels.PIXELS: pixels.check_pixels,
    meta.UNREADABLE_VALUE: meta.check_values,
}

#: Kind to check, run once, after the instances; some finish what an instance check has gathered.
CASE_CHECKS: Mapping[str, CaseCheck] = {
    dates.DATE: dates.check_dates,
    uids.REFERENCE: uids.check_references,
    files.FOREIGN: files.check_foreign_files,
    records.RECORD_LEAK: records.check_records,
    records.PICTURE: records.check_pictures,
    exports.EXPORT_LEAK: exports.check_exports,
}

#: Found while the instances are opened.
OPENING_CHECKS = (files.DIGEST, files.UNREADABLE)

#: Needs the source's tokens; not claimed to have been looked for without them.
TOKEN_CHECKS = frozenset(
    (
        *(leaks.LEAK, identity.SHORT_LEAK, dates.DATE, records.RECORD_LEAK, records.PICTURE),
        exports.EXPORT_LEAK,
    )
)
