"""What a de-identified instance says about its de-identification (PS3.15 E.1.1, E.3; CID 7050)."""

from __future__ import annotations

from ..._version import __version__
from . import tables
from .encoding import Encoding
from .options import PixelsDone, ProfileOptions

__all__ = ["REPLACED", "claims_text", "codes_for", "marker_elements"]

_MEANINGS = {
    "113100": "Basic Application Confidentiality Profile",
    "113101": "Clean Pixel Data Option",
    "113102": "Clean Recognizable Visual Features Option",
    "113103": "Clean Graphics Option",
    "113104": "Clean Structured Content Option",
    "113105": "Clean Descriptors Option",
    "113106": "Retain Longitudinal Temporal Information Full Dates Option",
    "113107": "Retain Longitudinal Temporal Information Modified Dates Option",
    "113108": "Retain Patient Characteristics Option",
    "113109": "Retain Device Identity Option",
    "113110": "Retain UIDs Option",
    "113111": "Retain Safe Private Option",
    "113112": "Retain Institution Identity Option",
}

#: Taken out of the source wherever they stand at the top; what is true of the output is put in.
REPLACED = frozenset((0x00120062, 0x00120063, 0x00120064, 0x00280303))
BURNED_IN, VISUAL_FEATURES = 0x00280301, 0x00280302


def claims_text(pixels: PixelsDone) -> bool:
    """Return whether it may be said that no burned-in text is left."""
    return pixels.text_cleaned or pixels.text_checked


def codes_for(
    options: ProfileOptions, pixels: PixelsDone, can_clean: bool
) -> tuple[tuple[str, str], ...]:
    """Return the codes of CID 7050 for what is really done, with their meanings."""
    ran = (
        ("113100", True),
        ("113101", claims_text(pixels)),
        ("113102", pixels.face_removed),
        ("113103", options.clean_graphics),
        ("113104", options.clean_structured_content),
        ("113105", options.clean_descriptors and can_clean),
        ("113106", options.retain_full_dates),
        ("113107", options.retain_modified_dates),
        ("113108", options.retain_patient_characteristics),
        ("113109", options.retain_device),
        ("113110", options.retain_uids),
        ("113111", options.retain_safe_private),
        ("113112", options.retain_institution),
    )
    return tuple((code, _MEANINGS[code]) for code, did in ran if did)


def marker_elements(
    options: ProfileOptions, pixels: PixelsDone, can_clean: bool, encoding: Encoding
) -> list[tuple[int, bytes]]:
    """Return the elements to put into the data set, by tag.

    (0028,0301) and (0028,0302) are among them only when the pixel data were worked on.
    """
    element = encoding.element
    edition = tables.edition()[0]
    method = f"Clinic2Cloud {__version__}\\DICOM PS3.15 {edition} Annex E"
    items = []
    for code, meaning in codes_for(options, pixels, can_clean):
        body = (
            element(0x00080100, "SH", code.encode())
            + element(0x00080102, "SH", b"DCM")
            + element(0x00080104, "LO", meaning.encode())
        )
        items.append(encoding.item_start(len(body)) + body)
    dates = b"REMOVED"
    if options.retain_full_dates:
        dates = b"UNMODIFIED"
    elif options.retain_modified_dates:
        dates = b"MODIFIED"
    markers = [
        (0x00120062, element(0x00120062, "CS", b"YES")),
        (0x00120063, element(0x00120063, "LO", method.encode())),
        (0x00120064, element(0x00120064, "SQ", b"".join(items))),
    ]
    if claims_text(pixels):
        markers.append((BURNED_IN, element(BURNED_IN, "CS", b"NO")))
    if pixels.face_removed:
        markers.append((VISUAL_FEATURES, element(VISUAL_FEATURES, "CS", b"NO")))
    markers.append((0x00280303, element(0x00280303, "CS", dates)))
    return markers
