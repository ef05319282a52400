"""Failure reasons of a store (0008,1197), PS3.18 table I.2-2 and PS3.7 annex C."""

from __future__ import annotations

from enum import IntEnum


class Reason(IntEnum):
    """Why an instance was not stored."""

    #: General failure; also a Study Instance UID other than that of the request's URL.
    PROCESSING_FAILURE = 0x0110
    #: The SOP Instance UID is stored with other content (PS3.7 C.5.8, Duplicate SOP Instance).
    DUPLICATE = 0x0111
    #: Not said to be de-identified, so this cloud must not have it (PS3.7 C.5.25, Not Authorized).
    NOT_AUTHORIZED = 0x0124
    #: The disk is full.
    OUT_OF_RESOURCES = 0xA700
    #: Not DICOM, damaged, cut short, or without the UIDs that give it its place.
    CANNOT_UNDERSTAND = 0xC000
