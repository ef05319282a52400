"""Places in a data set, and what happens to each element that stands there.

A place is the path of sequences that leads to it in one IOD. It turns the first bytes of an
element (tag and VR) into a plan once; the walk then only looks plans up.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...errors import NotDeidentifiableError
from . import tables
from .actions import CODE_ATTRIBUTES, Action, Attribute, describe, resolve
from .content import (
    CONTENT_SEQUENCES,
    VALUE_KEYWORDS,
    concept_of,
    content_action,
    moment_of,
    value_action,
)
from .encoding import IMPLICIT, LONG_VRS, SHORT_VRS, TEXT_VRS, Encoding
from .identifiers import identifier_kind
from .plausible import longest
from .rules import (
    BULK,
    CALL,
    CONTENT_ITEMS,
    DROP,
    END,
    KEEP,
    PRIVATE,
    SEQUENCE,
    TEXT,
    Mode,
    Plan,
    Rule,
    Shared,
    tag_name,
)
from .vr_choice import NUMBER_SIZES, trusted_action, written_vr

__all__ = ["Place"]

#: Annotations: under Clean Graphics their points stay, their text is cleaned by its own rows.
_GRAPHICS = frozenset(("GraphicAnnotationSequence",))
#: Keys come from the file; a place forgets its plans when a file names more than any honest one.
_MOST_PLANS = 1 << 14
_PIXELS = frozenset(
    (0x7FE00010, 0x7FE00008, 0x7FE00009, 0x54001010, 0x56000020, 0x7FE00001, 0x7FE00002)
)


class Place:
    """One path of sequences in one IOD and one encoding.

    Parameters
    ----------
    profile : Shared
        The engine's profile and handlers.
    types : mapping or None
        :func:`tables.attribute_types` of the IOD; None when it is not known.
    path : tuple of int or None
        Tags of the enclosing sequences; None for a place that the IOD does not have.
    encoding : Encoding
    mode : Mode
    careful : bool
        Whether every kept string is looked through (a first walk found a token somewhere).
    dropped : frozenset of int
        Tags that the engine itself writes here.
    """

    def __init__(
        self,
        profile: Shared,
        types: Mapping[tuple[int, ...], Mapping[int, str]] | None,
        path: tuple[int, ...] | None,
        encoding: Encoding,
        mode: Mode = Mode.NORMAL,
        careful: bool = False,
        dropped: frozenset[int] = frozenset(),
    ) -> None:
        self.dropped = dropped
        self.profile = profile
        self.types = types
        self.path = path
        self.encoding = encoding
        self.mode = mode
        self.careful = careful
        self.key_size = encoding.key_size
        self._here = (types or {}).get(path, {}) if path is not None else {}
        self._children: dict[tuple[int, Mode, str], Place] = {}
        self.plans: dict[bytes, Plan] = {}
        self.private_sequences: dict[tuple[int, str], Rule] = {}
        self._add_end()

    @property
    def is_top(self) -> bool:
        """Whether this is the data set itself."""
        return self.path == ()

    def child(self, tag: int, mode: Mode, encoding: Encoding) -> Place:
        """Return the place inside a sequence that stands here.

        Places that the IOD does not have are one and the same, so that no file can make the number
        of places grow.
        """
        path = None if self.path is None else (*self.path, tag)
        if path is not None and not self._leads_somewhere(path):
            path = None
        key = (0 if path is None else tag, mode, encoding.name)
        found = self._children.get(key)
        if found is None:
            if path is None and self.path is None and mode is self.mode:
                found = self if encoding is self.encoding else None
            if found is None:
                found = Place(self.profile, self.types, path, encoding, mode, self.careful)
            self._children[key] = found
        return found

    def for_item(self, raw: bytes, pos: int, end: int, charset: bytes) -> tuple[Place | None, str]:
        """Return the place of one content item by its concept name, None when it goes.

        With it comes the name of the moment that the item gives the date or time of.
        """
        concept = concept_of(raw, self.encoding, pos, end, charset)
        code = content_action(self.profile.profile, concept)
        if code == "X":
            return None, ""
        mode = Mode(code)
        found = self._children.get((-1, mode, ""))
        if found is None:
            found = Place(self.profile, self.types, self.path, self.encoding, mode, self.careful)
            self._children[(-1, mode, "")] = found
        return found, moment_of(concept)

    def _leads_somewhere(self, path: tuple[int, ...]) -> bool:
        """Return whether a path is, or leads to, one with entries in the table of Types."""
        size = len(path)
        return any(known[:size] == path for known in self.types or {})

    def kind_of(self, tag: int) -> str | None:
        """Return the Type of an attribute here: ``3`` where the IOD does not ask for it."""
        if self.types is None:
            return None
        return self._here.get(tag, "3")

    def plan(self, key: bytes) -> Plan:
        """Return the plan for an element's first bytes, made now.

        Raises
        ------
        NotDeidentifiableError
            When they are no element, or one that may not be there.
        """
        if len(key) < self.key_size:
            raise NotDeidentifiableError("the data set is truncated")
        plan = self._make(key)
        if len(self.plans) > _MOST_PLANS:
            self.plans.clear()
            self.private_sequences.clear()
            self._add_end()
        self.plans[key] = plan
        return plan

    def _add_end(self) -> None:
        """Know an item's delimiter, whose length is zero and which has no VR."""
        key = self.encoding.item_end + b"\0\0" * self.encoding.explicit
        rule = Rule(self, 0xFFFEE00D, Attribute("ItemDelimitationItem", ""), "")
        self.plans[key] = (END, 0xFFFEE00D, self.encoding.long_at, 4, 8, rule)

    def _make(self, key: bytes) -> Plan:
        """Return a new plan."""
        encoding = self.encoding
        tag = encoding.tag_of(key)
        if tag >> 16 == 0xFFFE:
            raise NotDeidentifiableError("a sequence is malformed")
        attribute = None if tag >> 16 & 1 else describe(tag)
        declared = self._declared(key)
        attribute = _as_declared(attribute, declared)
        known = attribute.vr if attribute else declared
        header = encoding.header(declared or "UN")
        rule = Rule(self, tag, attribute or Attribute(tag_name(tag), known or "UN"), "")
        rule.vr = written_vr(declared, known or "UN")
        layout = (tag, header.unpack, header.length_at, header.size, rule)
        if declared == "UN" and rule.vr == "SQ":
            rule.value_encoding = IMPLICIT  # PS3.5 6.2.2 note 2
        if tag >> 16 & 1:
            rule.audit = rule.note("removed")
            drop = tag & 0xFFFF == 0
            return (DROP if drop else PRIVATE, *layout)
        if tag & 0xFF00FFFF == 0x60000102:
            rule.handler = self.profile.handlers["overlay bit"]
            return (CALL, *layout)
        if tag in self.dropped:
            rule.action = Action.REMOVE
            rule.audit = rule.note("replaced")
            return (SEQUENCE if rule.vr == "SQ" else DROP, *layout)
        return (self._decide(rule, attribute, declared), *layout)

    def _declared(self, key: bytes) -> str | None:
        """Return the VR that an explicit element names, None in implicit VR."""
        if not self.encoding.explicit:
            return None
        vr = key[4:6].decode("latin-1")
        if vr in SHORT_VRS or vr in LONG_VRS:
            return vr
        if vr.isascii() and vr.isupper() and vr.isalpha():
            return "??"  # a VR of a later edition: 32-bit length (PS3.5 6.2), meaning not known
        raise NotDeidentifiableError("an element's VR is not one of DICOM's")

    def _decide(self, rule: Rule, attribute: Attribute | None, declared: str | None) -> int:
        """Fill a rule in and return the kind of plan."""
        kind = self.kind_of(rule.tag)
        action = self.profile.profile.action(rule.tag, attribute, kind)
        if action is Action.REFUSE:
            if rule.tag >> 16 == 4:
                raise NotDeidentifiableError("a DICOMDIR is made anew, never passed on")
            raise NotDeidentifiableError(
                "an encapsulated document cannot be de-identified with certainty"
            )
        known = rule.attribute.vr
        action = trusted_action(action, declared, known, kind)
        if self.mode is Mode.DUMMY and not self.is_top:
            action = _dummied(action, rule.keyword, known)
        if self.mode is Mode.CLEANED and rule.keyword in ("CodeMeaning", "CodingSchemeDesignator"):
            rule.handler = self.profile.handlers[rule.keyword]
            return CALL
        if self.mode in CONTENT_ITEMS and rule.keyword in VALUE_KEYWORDS:
            action = value_action(self.profile.profile, self.mode.value, rule.keyword, action)
        if self.mode is Mode.DUMMY and rule.keyword == "GraphicData":
            action = Action.DUMMY  # points can draw letters
        rule.action = action
        row = tables.rows().get(rule.tag)
        basic = row.actions["basic"] if row else "X/Z/D"
        rule.fallback = resolve("X/Z/D" if basic == "U" else basic, kind)
        rule.identifier = identifier_kind(rule.attribute)
        special = self.profile.special.get(rule.keyword)
        if special is not None:
            rule.handler = special
            return CALL
        if rule.vr == "SQ" and declared not in (None, "SQ", "UN"):
            rule.audit = rule.note("removed")
            return DROP  # a sequence by its tag, something else by its VR
        if rule.vr == "SQ":
            return self._decide_sequence(rule, action)
        return self._decide_value(rule, action, declared, known)

    def _decide_sequence(self, rule: Rule, action: Action) -> int:
        """Plan a sequence."""
        content = rule.keyword in CONTENT_SEQUENCES
        if action is Action.REMOVE:
            rule.audit = rule.note("removed")
        elif action is Action.EMPTY:
            rule.audit = rule.note("emptied")
        elif action is Action.DUMMY:
            rule.audit = rule.note("replaced")
            rule.sequence_mode = Mode.DUMMY
            if rule.keyword in self.profile.coded:
                rule.handler = self.profile.coded_dummy
        else:
            rule.audit = rule.note("cleaned" if action is Action.CLEAN else "kept")
            rule.sequence_mode = Mode.NORMAL if self.mode in CONTENT_ITEMS else self.mode
            if action is Action.CLEAN and rule.keyword not in _GRAPHICS:
                rule.sequence_mode = Mode.CLEANED
        if content and action not in (Action.REMOVE, Action.EMPTY):
            rule.sequence_mode = Mode.CONTENT
        return SEQUENCE

    def _decide_value(self, rule: Rule, action: Action, declared: str | None, known: str) -> int:
        """Plan anything but a sequence."""
        handlers = self.profile.handlers
        rewritten = declared is not None and declared not in ("??", rule.vr)
        if action in (Action.KEEP, Action.KEEP_TEXT):
            rule.audit = rule.note("kept")
            rule.longest = longest(rule.tag, rule.vr)
            if rule.tag in _PIXELS:
                return BULK
            if rule.vr == "UI":
                rule.handler = handlers["kept uid"]
                return CALL
            if self.careful and (rule.vr in TEXT_VRS or rule.vr in ("OB", "UN", "OW")):
                rule.handler = handlers["check"]
                return CALL
            if rewritten:
                rule.handler = handlers["rewrite"]
                return CALL
            if rule.vr in NUMBER_SIZES and rule.vr not in known.split(" or "):
                rule.handler = handlers["number"]
                return CALL
            return TEXT if action is Action.KEEP_TEXT else KEEP
        if action is Action.REMOVE and not rule.identifier:
            rule.audit = rule.note("removed")
            return DROP
        rule.stem = _stem(rule.keyword, rule.attribute.vr)
        name = {
            Action.REMOVE: "remove",
            Action.EMPTY: "empty",
            Action.DUMMY: "uid" if rule.vr == "UI" else "dummy",
            Action.UID: "uid" if tables.rows().get(rule.tag) else "other uid",
            Action.CLEAN: "clean" if rule.vr in TEXT_VRS and rule.vr != "AE" else "dummy",
            Action.FREE_TEXT: "clean",
            Action.SHIFT: "shift",
        }[action]
        rule.handler = handlers[name]
        return CALL


def _dummied(action: Action, keyword: str, vr: str) -> Action:
    """Return the action of an attribute inside a sequence that is to become a dummy."""
    if action in (Action.FREE_TEXT, Action.CLEAN, Action.KEEP_TEXT) and vr != "SQ":
        return action if keyword in CODE_ATTRIBUTES else Action.DUMMY
    return action


def _stem(keyword: str, vr: str) -> str:
    """Return what a date's and its time's keywords share: ``StudyDate``, ``StudyTime`` -> Study."""
    return keyword.replace({"DA": "Date", "TM": "Time"}.get(vr, keyword), "", 1)


def _as_declared(attribute: Attribute | None, declared: str | None) -> Attribute | None:
    """Return an attribute newer than the dictionary with the VR that the file gives it."""
    if attribute is None or not attribute.guessed or declared in (None, "UN", "??"):
        return attribute
    same_kind = (declared == "SQ") == (attribute.vr == "SQ")
    return Attribute(attribute.keyword, str(declared)) if same_kind else attribute
