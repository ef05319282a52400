"""No short identifying value of the source where such a value may stand."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..elements import Element
from ..model import CaseView, Finding, InstanceView
from ..tokens import Token

SHORT_LEAK = "short-leak"

#: Here even a value of one character is the source's.
_IDENTIFYING = frozenset(
    (
        "PatientID",
        "PatientName",
        "PatientBirthName",
        "OtherPatientIDs",
        "OtherPatientNames",
        "IssuerOfPatientID",
        "AccessionNumber",
        "StudyID",
        "AdmissionID",
        "RequestedProcedureID",
        "ScheduledProcedureStepID",
        "PerformedProcedureStepID",
        "StationName",
        "DeviceSerialNumber",
        "DetectorID",
        "GantryID",
        "ReferringPhysicianName",
        "PerformingPhysicianName",
        "OperatorsName",
    )
)
_TEXT = frozenset(("LO", "SH", "ST", "LT", "UT", "UC", "PN"))
_PROSE = frozenset(("LO", "ST", "LT", "UT", "UC"))
_CODED = frozenset(
    ("CodeValue", "LongCodeValue", "CodingSchemeDesignator", "CodingSchemeVersion", "CodeMeaning")
)
_PARTS = re.compile(r"[\^=\s,]+")


def check_short_values(view: CaseView, instance: InstanceView) -> Iterator[Finding]:
    """Compare values too short to be searched for in all bytes with whole values."""
    tokens = [token for token in view.scanner.tokens if token.kind == "short"]
    if not tokens:
        return
    for element in instance.elements:
        if element.vr not in _TEXT and element.keyword not in _IDENTIFYING:
            continue
        for value in element.values():
            for token in tokens:
                if _is_in(token, value, element):
                    text = f"{token.describe()} stands in {element.name}"
                    yield Finding(SHORT_LEAK, instance.file, text)


def _is_in(token: Token, value: str, element: Element) -> bool:
    """Return whether a short token is the value, or stands in prose as a word long enough."""
    if element.keyword in _IDENTIFYING:
        return value == token.text or token.text in _PARTS.split(value)
    if len(token.text) < 2 or element.keyword in _CODED:
        return False
    if token.text.isdigit():
        found = (
            re.search(rf"(?<![\d.]){token.text}(?!\.?\d)", value) if len(token.text) > 3 else None
        )
        return found is not None and element.vr in _PROSE
    if element.vr == "PN":
        return token.text.casefold() in _PARTS.split(value.casefold())
    return value.casefold() == token.text.casefold()
