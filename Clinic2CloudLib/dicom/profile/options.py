"""What may be chosen about headers, and what comes back: the engine's inputs and outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["HeaderResult", "PixelsDone", "ProfileOptions"]


@dataclass(frozen=True)
class ProfileOptions:
    """The options of PS3.15 E.3 on top of the Basic Profile, and what a site keeps by name.

    Attributes
    ----------
    retain_safe_private : bool
        Keep the private elements that Table E.3.10-1 lists.
    retain_uids, retain_device, retain_institution, retain_patient_characteristics : bool
        The columns of Table E.1-1 of that name.
    retain_full_dates : bool
        Keep dates and times.
    retain_modified_dates : bool
        Move all of a patient's dates and times by one shift. Without either option they go.
    clean_descriptors, clean_structured_content, clean_graphics : bool
        Clean free text, structured content and annotations instead of removing them.
    keep : frozenset of str
        Keywords of attributes kept whatever the table says, at every depth.
    keep_private : tuple of (str, int)
        Private elements kept: the private creator and the element's low byte (``0x0C``), or the
        whole tag (``0x0019000C``) to name the group too.
    """

    retain_safe_private: bool = False
    retain_uids: bool = False
    retain_device: bool = False
    retain_institution: bool = False
    retain_patient_characteristics: bool = False
    retain_full_dates: bool = False
    retain_modified_dates: bool = False
    clean_descriptors: bool = False
    clean_structured_content: bool = False
    clean_graphics: bool = False
    keep: frozenset[str] = frozenset()
    keep_private: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class PixelsDone:
    """What was done to the pixel data before the header is rewritten.

    Attributes
    ----------
    text_cleaned : bool
        Burned-in text was looked for, found and blanked.
    face_removed : bool
        Recognizable visual features were replaced.
    text_checked : bool
        Burned-in text was looked for in every frame and none is left.
    """

    text_cleaned: bool = False
    face_removed: bool = False
    text_checked: bool = False


@dataclass(frozen=True)
class HeaderResult:
    """One de-identified instance, and what happened to its header.

    Attributes
    ----------
    data : bytes
        The whole Part 10 file.
    sop_instance_uid, sop_class_uid, series_uid, study_uid, patient_id : str
        Of the new instance.
    actions : mapping
        ``removed``, ``emptied``, ``replaced``, ``cleaned``, ``shifted`` and ``kept``, each a map
        from keyword to the number of elements. Private elements are named by their tag.
    kept_text : tuple of (keyword, text)
        Free text that stayed, for a person to look through.
    codes : tuple of (value, meaning)
        What stands in (0012,0064), CID 7050.
    identifiers : mapping
        Originals, for the crosswalk and the leak scan alone: kind (``name``, ``id``,
        ``accession``, ``institution``, ``person``, ``date``, ``device``, ``address``, ``uid``)
        to the values.
    uids : mapping
        Each original UID of the instance to the new one; for the crosswalk alone.
    """

    data: bytes = field(repr=False)
    sop_instance_uid: str
    sop_class_uid: str
    series_uid: str
    study_uid: str
    patient_id: str
    actions: Mapping[str, Mapping[str, int]]
    kept_text: tuple[tuple[str, str], ...] = field(repr=False)
    codes: tuple[tuple[str, str], ...]
    identifiers: Mapping[str, frozenset[str]] = field(repr=False)
    uids: Mapping[str, str] = field(repr=False)
