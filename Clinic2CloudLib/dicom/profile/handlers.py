"""What is written in the place of a value that does not stay as it is.

Each handler takes the work, the level, the rule and where the value lies; it returns the new
element, ``b""`` for none, a :class:`Later`, or None when the element stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...errors import NotDeidentifiableError
from .actions import Action
from .charset import decode
from .dummies import dummy, fall_back
from .plausible import refuse_swallowed
from .rules import Rule
from .uids import is_formed, is_well_known
from .vr_choice import NUMBER_SIZES
from .work import Later, Level, Work

__all__ = ["CODED", "HANDLERS", "SPECIAL"]


def remove(work: Work, level: Level, rule: Rule, value: int, stop: int) -> bytes:
    """Leave an element out."""
    _remember(work, level, rule, value, stop)
    work.seen.append(rule.note("removed"))
    return b""


def empty(work: Work, level: Level, rule: Rule, value: int, stop: int) -> bytes | None:
    """Leave an element without a value."""
    if value == stop:
        work.seen.append(rule.note("emptied"))  # and was empty before
        return None
    _remember(work, level, rule, value, stop)
    work.seen.append(rule.note("emptied"))
    return rule.element(b"")


def replace(work: Work, level: Level, rule: Rule, value: int, stop: int) -> bytes | None:
    """Put a dummy in the place of a value."""
    if value == stop:
        work.seen.append(rule.note("emptied"))  # and was empty before
        return None
    _remember(work, level, rule, value, stop)
    work.seen.append(rule.note("replaced"))
    return rule.element(dummy(work.engine, rule, work.raw[value:stop]))


def uid(work: Work, level: Level, rule: Rule, value: int, stop: int) -> bytes | None:
    """Replace UIDs by keyed ones; well-known ones (a frame of reference of PS3.6) stay."""
    if value == stop:
        work.seen.append(rule.note("emptied"))  # and was empty before
        return None
    raw = work.raw[value:stop]
    new = work.engine.new_uids(work, raw)
    if new == raw.rstrip(b"\0 ") and len(raw) % 2 == 0:
        work.seen.append(rule.note("kept"))
        return None
    work.seen.append(rule.note("replaced"))
    return rule.element(new)


def other_uid(work: Work, level: Level, rule: Rule, value: int, stop: int) -> bytes | None:
    """The same for UIDs not listed: those of vocabularies stay as well."""
    raw = work.raw[value:stop]
    if is_well_known(raw, rule.keyword):
        work.seen.append(rule.note("kept"))
        return None
    return uid(work, level, rule, value, stop)


def kept_uid(work: Work, level: Level, rule: Rule, value: int, stop: int) -> bytes | None:
    """Keep UIDs, but what is none is no UID to retain: it may be anything."""
    if not is_formed(work.raw[value:stop]):
        return uid(work, level, rule, value, stop)
    work.seen.append(rule.note("kept"))
    return None


def top_uid(work: Work, level: Level, rule: Rule, value: int, stop: int) -> bytes | None:
    """Replace one of the UIDs that name the instance, its series and its study."""
    replaced = kept_uid if rule.action is Action.KEEP else uid
    out = replaced(work, level, rule, value, stop)
    if rule.place.is_top:
        new = work.raw[value:stop] if out is None else out[-(len(out) - _head(rule)) :]
        work.top[rule.keyword] = new.rstrip(b"\0 ")
    return out


def sop_class(work: Work, level: Level, rule: Rule, value: int, stop: int) -> bytes | None:
    """Keep the SOP class, whose being a standard one was made sure before the walk."""
    if not rule.place.is_top:
        return other_uid(work, level, rule, value, stop)
    work.seen.append(rule.note("kept"))
    work.top[rule.keyword] = work.raw[value:stop].rstrip(b"\0 ")
    return None


def patient(work: Work, level: Level, rule: Rule, value: int, stop: int) -> Any:
    """Replace the patient's ID or name by the pseudonym, which needs the issuer of the ID."""
    raw = work.raw[value:stop]
    if rule.place.is_top:
        work.source[rule.keyword] = _text(raw, level)
        work.top[rule.keyword] = raw
    if not raw.strip(b" \0"):
        work.seen.append(rule.note("emptied"))
        return None
    if rule.action in (Action.KEEP, Action.KEEP_TEXT):
        work.seen.append(rule.note("kept"))
        return None
    _remember(work, level, rule, value, stop)
    work.seen.append(rule.note("replaced"))
    later = Later(rule, raw, level.charset)
    work.patients.append(later)
    return later


def issuer(work: Work, level: Level, rule: Rule, value: int, stop: int) -> Any:
    """Take the issuer of the patient's ID away, and know it: it tells equal IDs apart."""
    if rule.place.is_top:
        work.source[rule.keyword] = _text(work.raw[value:stop], level)
    if rule.action in (Action.KEEP, Action.KEEP_TEXT):
        work.seen.append(rule.note("kept"))
        return None
    return {Action.EMPTY: empty, Action.DUMMY: replace}.get(rule.action, remove)(
        work, level, rule, value, stop
    )


def accession(work: Work, level: Level, rule: Rule, value: int, stop: int) -> bytes | None:
    """Replace an accession number by its pseudonym; an empty one stays empty."""
    raw = work.raw[value:stop]
    if not raw.strip(b" \0"):
        work.seen.append(rule.note("emptied"))
        return None
    if rule.action in (Action.KEEP, Action.KEEP_TEXT):
        work.seen.append(rule.note("kept"))
        return None
    _remember(work, level, rule, value, stop)
    work.seen.append(rule.note("replaced"))
    text = work.engine.pseudonyms.accession_number(raw.decode("latin-1"))
    return rule.element(text.encode("ascii"))


def shift(work: Work, level: Level, rule: Rule, value: int, stop: int) -> Any:
    """Move a date or time, together with its partner of the same level."""
    if value == stop:
        work.seen.append(rule.note("emptied"))  # and was empty before
        return None
    raw = work.raw[value:stop]
    _remember(work, level, rule, value, stop)
    work.seen.append(rule.note("shifted"))
    later = Later(rule, raw, b"")
    vr = rule.attribute.vr
    if vr == "DT":
        work.dates.append([later, None])
        return later
    if level.dates is None:
        level.dates = {}
    stem = level.moment or rule.stem
    known = level.dates.get(stem)
    if known is None or known[vr == "TM"] is not None:
        known = level.dates[stem] = [None, None]
        work.dates.append(known)
    known[vr == "TM"] = later
    return later


def clean(work: Work, level: Level, rule: Rule, value: int, stop: int) -> Any:
    """Clean free text when all identifiers of the header are known."""
    if value == stop:
        work.seen.append(rule.note("emptied"))  # and was empty before
        return None
    later = Later(rule, work.raw[value:stop], level.charset)
    work.cleanups.append(later)
    return later


def timezone(work: Work, level: Level, rule: Rule, value: int, stop: int) -> bytes | None:
    """Keep an offset from UTC that is one: it moves with nothing, and intervals need it."""
    raw = work.raw[value:stop].strip(b" \0")
    if rule.action in (Action.KEEP, Action.KEEP_TEXT):
        work.seen.append(rule.note("kept"))
        return None
    if rule.action is Action.CLEAN:
        if len(raw) == 5 and raw[:1] in b"+-" and raw[1:].isdigit():
            work.seen.append(rule.note("kept"))
            return None
        return fall_back(work, rule)
    return {Action.EMPTY: empty, Action.DUMMY: replace}.get(rule.action, remove)(
        work, level, rule, value, stop
    )


def rewrite(work: Work, level: Level, rule: Rule, value: int, stop: int) -> bytes:
    """Write an element with the VR that the dictionary gives it."""
    if stop - value > rule.longest:
        refuse_swallowed(rule.tag, rule.vr, rule.encoding, work.raw, value, stop)
    raw = work.raw[value:stop]
    if rule.keyword == "SpecificCharacterSet":
        level.charset = raw
    work.seen.append(rule.note("kept"))
    out = rule.element(raw)
    work.kept.append(out)
    if rule.action is Action.KEEP_TEXT and raw:
        work.texts.append((rule, raw, level.charset))
    return out


def number(work: Work, level: Level, rule: Rule, value: int, stop: int) -> None:
    """Keep numbers of another VR than the dictionary's where their bytes are whole numbers of it.

    Otherwise readers fail, some of them on elements that have nothing to do with this one.
    """
    if (stop - value) % NUMBER_SIZES[rule.vr]:
        raise NotDeidentifiableError("a number is not of the length that its VR has")
    if stop - value > rule.longest:
        refuse_swallowed(rule.tag, rule.vr, rule.encoding, work.raw, value, stop)
    work.seen.append(rule.note("kept"))


def check(work: Work, level: Level, rule: Rule, value: int, stop: int) -> Any:
    """Look a kept value through in the careful walk."""
    raw = work.raw[value:stop]
    if rule.keyword == "SpecificCharacterSet":
        level.charset = raw
    new = work.engine.cleaning.checked(work, level, rule, raw)
    if new is not None:
        work.seen.append(rule.note("cleaned"))
        return new
    work.seen.append(rule.note("kept"))
    if rule.action is Action.KEEP_TEXT and raw:
        work.texts.append((rule, raw, level.charset))
    return rule.element(raw)


def scheme(work: Work, level: Level, rule: Rule, value: int, stop: int) -> None:
    """Keep a coding scheme's designator and know whether it is a vocabulary's or a site's own."""
    work.seen.append(rule.note("kept"))
    raw = work.raw[value:stop]
    level.local_codes = raw[:2] == b"99" or raw.strip(b" \0") in (b"L", b"")
    work.kept.append(raw)


def code_meaning(work: Work, level: Level, rule: Rule, value: int, stop: int) -> Any:
    """Clean the meaning of a site's own code; a vocabulary's says nothing of a patient."""
    if level.local_codes:
        return clean(work, level, rule, value, stop)
    work.seen.append(rule.note("kept"))
    work.kept.append(work.raw[value:stop])
    return check(work, level, rule, value, stop) if work.known is not None else None


def overlay_bit(work: Work, level: Level, rule: Rule, value: int, stop: int) -> bytes:
    """Leave an overlay's bit position out, and know when its plane lies in the pixel data."""
    work.seen.append(rule.note("removed"))
    if any(work.raw[value:stop]):
        work.overlay_in_pixels = True
    return b""


def claim(work: Work, level: Level, rule: Rule, value: int, stop: int) -> bytes | None:
    """Keep a warning of burned-in text or a visible face, and hand on no NO that nobody checked.

    They say NO only after somebody looked (PS3.15 E.3.1, E.3.2), and then the engine writes it;
    where the IOD demands the attribute the source's own NO stays, and no code claims it.
    """
    said = work.raw[value:stop].rstrip(b" \0")
    demanded = rule.place.kind_of(rule.tag) in ("1", "1C")
    if said == b"YES" or (said == b"NO" and demanded):
        work.seen.append(rule.note("kept"))
        return None
    work.seen.append(rule.note("removed"))
    return b""


def _remember(work: Work, level: Level, rule: Rule, value: int, stop: int) -> None:
    """Gather a value that identifies somebody, to look for it in the text that stays."""
    if rule.identifier and value < stop:
        if rule.attribute.vr == "DT":
            stop = min(stop, value + 8)  # its day: the time of day changes from slice to slice
        work.found.append((rule.identifier, work.raw[value:stop], level.charset))


def _text(raw: bytes, level: Level) -> str:
    """Return a value's text; bytes that are none in the character set are taken one by one."""
    text = decode(raw, level.charset)
    return (raw.decode("latin-1") if text is None else text).strip(" \0")


def _head(rule: Rule) -> int:
    """Return the size of this element's header as it is written."""
    return rule.encoding.header(rule.vr).size


#: By what is done.
HANDLERS: Mapping[str, Callable[..., Any]] = {
    "remove": remove,
    "empty": empty,
    "dummy": replace,
    "uid": uid,
    "other uid": other_uid,
    "kept uid": kept_uid,
    "clean": clean,
    "shift": shift,
    "check": check,
    "number": number,
    "rewrite": rewrite,
    "CodingSchemeDesignator": scheme,
    "CodeMeaning": code_meaning,
    "overlay bit": overlay_bit,
}

#: By keyword, whatever the action: these also tell the engine what the result names.
SPECIAL: Mapping[str, Callable[..., Any]] = {
    "SOPInstanceUID": top_uid,
    "SeriesInstanceUID": top_uid,
    "StudyInstanceUID": top_uid,
    "SOPClassUID": sop_class,
    "PatientID": patient,
    "PatientName": patient,
    "IssuerOfPatientID": issuer,
    "AccessionNumber": accession,
    "TimezoneOffsetFromUTC": timezone,
    "BurnedInAnnotation": claim,
    "RecognizableVisualFeatures": claim,
}

#: Coded persons and institutions: their codes are identifiers themselves.
CODED: frozenset[str] = frozenset(("PersonIdentificationCodeSequence", "InstitutionCodeSequence"))
