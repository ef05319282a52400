"""From tables and options to what happens to one attribute at one place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from pydicom.datadict import DicomDictionary, RepeatersDictionary, mask_match

from ... import errors
from . import tables
from .options import ProfileOptions
from .tables import Row

__all__ = ["Action", "Attribute", "Profile", "describe"]


class Action(Enum):
    """What is done to a data element."""

    KEEP = "kept"
    KEEP_TEXT = "kept text"  # kept, looked through for what the header knows, shown to a person
    FREE_TEXT = "free text"  # not in the profile but free text: cleaned where there is a cleaner
    REMOVE = "removed"
    EMPTY = "emptied"
    DUMMY = "replaced"
    UID = "uid"
    CLEAN = "cleaned"
    SHIFT = "shifted"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Attribute:
    """A standard attribute: its keyword and its VR (``US or SS`` where the dictionary has two).

    ``guessed`` says that the profile's edition is newer than the dictionary: the VR follows from
    the name, and a file's own word counts more.
    """

    keyword: str
    vr: str
    guessed: bool = False


_DATES = frozenset(("DA", "DT", "TM"))
_FREE_VRS = frozenset(("ST", "LT", "UT", "UC"))
_SHORT_TEXT_VRS = frozenset(("LO", "SH"))

#: Attributes that Table E.1-1 does not list and that hold, by their definition, an identifier, a
#: person, a place or a document. They take the action X/Z/D.
_ALSO_REMOVED = tables.group("also_removed")

#: Short texts (LO, SH) whose name says that a person types into them.
_TYPED_IN = re.compile(r"Description|Comment|Label|Notes?$|Reason|Purpose|Instruction|Explanation")

#: URLs that name a vocabulary, not a patient's resource.
_VOCABULARY_URLS = frozenset(("CodingSchemeURL", "URNCodeValue"))

#: The attributes of a code (PS3.3 table 8.8-1): always read as a whole, never dummied one by one.
CODE_ATTRIBUTES = tables.group("code")
_TECHNICAL = tables.group("technical")

_FREE_GROUPS = frozenset(range(0x5000, 0x5100)) | frozenset(range(0x6000, 0x6100))
_RETIRED_GROUPS = frozenset((0x1000, 0x1010)) | frozenset(range(0x7F00, 0x7FE0))


def describe(tag: int) -> Attribute | None:
    """Return what the standard knows of a tag; None where it knows nothing."""
    row = tables.rows().get(tag)
    entry = DicomDictionary.get(tag)
    if entry is None:
        mask = mask_match(tag)
        entry = RepeatersDictionary[mask] if mask else None
    if entry is not None:
        return Attribute(entry[4] or f"({tag >> 16:04X},{tag & 0xFFFF:04X})", entry[0])
    return Attribute(row.keyword, row.vr, guessed=True) if row else None


class Profile:
    """The Basic Profile with a site's options: one action for each attribute and Type.

    Parameters
    ----------
    options : ProfileOptions
        What the site chose.
    can_clean : bool
        Whether there is a cleaner; without one a C is the Basic Profile's action.

    Raises
    ------
    InputError
        When two options contradict each other.
    """

    def __init__(self, options: ProfileOptions, can_clean: bool) -> None:
        if options.retain_full_dates and options.retain_modified_dates:
            raise errors.InputError("dates are kept in full or moved, not both")
        self.options = options
        self.can_clean = can_clean
        self._columns = [
            column
            for column, chosen in (
                ("uids", options.retain_uids),
                ("device", options.retain_device),
                ("institution", options.retain_institution),
                ("patient", options.retain_patient_characteristics),
                ("full_dates", options.retain_full_dates),
                ("modified_dates", options.retain_modified_dates),
                ("descriptors", options.clean_descriptors),
                ("structured", options.clean_structured_content),
                ("graphics", options.clean_graphics),
            )
            if chosen
        ]

    def action(self, tag: int, attribute: Attribute | None, kind: str | None) -> Action:
        """Return what happens to a standard attribute.

        Parameters
        ----------
        tag : int
            Of an even group.
        attribute : Attribute or None
            What :func:`describe` says.
        kind : str or None
            Its Type at this place of the IOD; None when the IOD is not known.
        """
        group, element = tag >> 16, tag & 0xFFFF
        if group == 0x0004:
            return Action.REFUSE
        if element == 0 or group < 0x0008 or attribute is None:
            return Action.REMOVE
        if attribute.keyword == "EncapsulatedDocument":
            return Action.REFUSE
        if attribute.keyword in self.options.keep:
            return self._kept_by_choice(attribute)
        if group in _FREE_GROUPS or group in _RETIRED_GROUPS:
            # Overlay and curve planes go with all that describes them: no reader could tell
            # whether their bits spell a name.
            return Action.REMOVE
        row = tables.rows().get(tag)
        if row is not None:
            return self._listed(row, attribute, kind)
        return self._unlisted(attribute, kind)

    def concept_action(self, actions: dict[str, str] | None) -> str:
        """Return the code (X, D, K, C, X/D) of a row of Table E.3.4-1 under the options."""
        return self._code(actions or {})

    def _code(self, actions: object) -> str:
        """Return the code of a row: a cleaning option before a keeping one before the basic."""
        assert isinstance(actions, dict)
        chosen = {actions[column] for column in self._columns if column in actions}
        if "C" in chosen:
            return "C"
        return "K" if "K" in chosen else str(actions.get("basic", ""))

    def _listed(self, row: Row, attribute: Attribute, kind: str | None) -> Action:
        """Return the action of an attribute in Table E.1-1."""
        code = self._code(row.actions)
        if code == "K":
            return Action.KEEP_TEXT if attribute.vr in _FREE_VRS | _SHORT_TEXT_VRS else Action.KEEP
        if code == "C":
            if attribute.vr in _DATES:
                return Action.SHIFT
            if attribute.vr == "SQ" or self.can_clean or attribute.keyword in _CLEANED_AS_DATES:
                return Action.CLEAN
            code = row.actions["basic"]
        if code == "U":
            return Action.UID
        return resolve(code, kind)

    def _unlisted(self, attribute: Attribute, kind: str | None) -> Action:
        """Return the action of an attribute that Table E.1-1 does not list."""
        vr, keyword = attribute.vr, attribute.keyword
        if keyword in _ALSO_REMOVED:
            return resolve("X/Z/D", kind)
        if vr == "UI":
            return Action.KEEP if self.options.retain_uids else Action.UID
        if vr in _DATES:
            if self.options.retain_full_dates:
                return Action.KEEP
            if self.options.retain_modified_dates:
                return Action.SHIFT
            return resolve("X/Z/D", kind)
        if vr in ("PN", "AE") or (vr == "UR" and keyword not in _VOCABULARY_URLS):
            return resolve("X/Z/D", kind)
        typed_in = vr in _FREE_VRS or (vr in _SHORT_TEXT_VRS and _TYPED_IN.search(keyword))
        if typed_in and keyword not in CODE_ATTRIBUTES | _TECHNICAL:
            return Action.FREE_TEXT
        shown = keyword not in CODE_ATTRIBUTES or keyword.endswith("Meaning")
        if vr in _SHORT_TEXT_VRS | _FREE_VRS and shown:
            return Action.KEEP_TEXT
        return Action.KEEP

    def _kept_by_choice(self, attribute: Attribute) -> Action:
        """Return the action of an attribute that the site keeps by name."""
        if attribute.vr in _FREE_VRS | _SHORT_TEXT_VRS:
            cleaned = self.can_clean and _TYPED_IN.search(attribute.keyword)
            return Action.FREE_TEXT if cleaned else Action.KEEP_TEXT
        return Action.KEEP


#: Cleaned without a text cleaner: the offset from UTC, and PTP's time stamps.
_CLEANED_AS_DATES = frozenset(("TimezoneOffsetFromUTC", "FrameOriginTimestamp"))


def resolve(code: str, kind: str | None) -> Action:
    """Return the action of a code without option, compound ones by the attribute's Type.

    PS3.15 E.1.1: the first of a compound unless the Type forces the next. A plain X or Z gives
    way as well where the IOD demands the attribute, so that the instance stays valid. A
    conditional Type counts as if its condition held: the attribute is there. Of an IOD that is not
    known, compounds take their last action, which is valid for every Type.

    Parameters
    ----------
    code : str
        ``X``, ``Z``, ``D``, ``X/Z``, ``X/D``, ``X/Z/D``, ``Z/D`` or ``X/Z/U*``.
    kind : str or None
        ``1``, ``1C``, ``2``, ``2C``, ``3``; None where not known.
    """
    if code == "D":
        return Action.DUMMY
    if kind is None:
        last = code.rsplit("/", 1)[-1]
        return {"X": Action.REMOVE, "Z": Action.EMPTY, "U*": Action.UID}.get(last, Action.DUMMY)
    needed = kind[0]
    if code == "X/Z/U*":
        # An emptied sequence of references would break them; with new UIDs it is a dummy.
        return Action.REMOVE if needed == "3" else Action.UID
    if code == "X":
        return {"1": Action.DUMMY, "2": Action.EMPTY}.get(kind, Action.REMOVE)
    if needed == "1":
        return Action.DUMMY
    if needed == "2":
        return Action.DUMMY if code == "X/D" else Action.EMPTY
    return Action.REMOVE if code.startswith("X") else Action.EMPTY
