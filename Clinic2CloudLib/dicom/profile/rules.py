"""What happens to one element, and how the places of one engine share it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

from .actions import Action, Attribute, Profile
from .encoding import IMPLICIT
from .plausible import UNLIMITED

if TYPE_CHECKING:
    from .contexts import Place

__all__ = [
    "BULK",
    "CALL",
    "CONTENT_ITEMS",
    "DROP",
    "END",
    "KEEP",
    "PRIVATE",
    "SEQUENCE",
    "TEXT",
    "Mode",
    "Plan",
    "Rule",
    "Shared",
    "tag_name",
]

# Kinds of plan, most frequent first.
KEEP, TEXT, DROP, CALL, SEQUENCE, BULK, PRIVATE, END = range(8)

#: kind, tag, unpack, where the length stands, where the value begins, rule
Plan = tuple[int, int, Callable[..., Any], int, int, "Rule"]


class Mode(Enum):
    """How text and structure inside a sequence are taken."""

    NORMAL = "normal"
    DUMMY = "dummy"  # all that could speak is replaced, codes stay
    CLEANED = "cleaned"  # code meanings go through the cleaner as well
    CONTENT = "content"  # items are structured content, see content.py
    CONTENT_C = "C"  # ... an item whose value is cleaned
    CONTENT_D = "D"  # ... replaced
    CONTENT_K = "K"  # ... kept


CONTENT_ITEMS = (Mode.CONTENT_C, Mode.CONTENT_D, Mode.CONTENT_K)


class Rule:
    """What happens to one element: the plan's part that the handlers need."""

    __slots__ = (
        "action",
        "attribute",
        "audit",
        "block",
        "encoding",
        "fallback",
        "handler",
        "identifier",
        "inside",
        "keyword",
        "longest",
        "mode",
        "notes",
        "place",
        "private_vrs",
        "sequence_mode",
        "stem",
        "tag",
        "value_encoding",
        "vr",
    )

    def __init__(self, place: Place, tag: int, attribute: Attribute, vr: str) -> None:
        self.place = place
        self.encoding = place.encoding
        self.value_encoding = place.encoding
        self.tag = tag
        self.attribute = attribute
        self.keyword = attribute.keyword
        self.vr = vr
        self.mode = place.mode
        self.sequence_mode = Mode.NORMAL
        self.action = Action.KEEP
        self.fallback = Action.REMOVE
        self.identifier: str | None = None
        self.handler: Callable[..., Any] | None = None
        self.stem = ""
        self.block = tag >> 16 << 16 | (tag & 0xFFFF) >> 8
        self.private_vrs: dict[str, str | None] = {}
        self.inside: Place | None = None
        self.notes: dict[str, int] = {}
        self.audit = 0
        self.longest = UNLIMITED

    def note(self, action: str) -> int:
        """Return the number under which an action on this attribute is counted."""
        if action not in self.notes:
            self.notes[action] = self.place.profile.audit_number(action, self.keyword)
        return self.notes[action]

    def element(self, value: bytes) -> bytes:
        """Return this element with another value."""
        return self.encoding.element(self.tag, self.vr, value)

    def as_sequence(self) -> Rule:
        """Return the rule of a private sequence that stays: the same for all its tag's VRs."""
        found = self.place.private_sequences.get((self.tag, self.vr))
        if found is None:
            found = Rule(self.place, self.tag, self.attribute, "SQ")
            if self.encoding.explicit and self.vr == "UN":
                found.value_encoding = IMPLICIT
            found.audit = found.note("kept")
            self.place.private_sequences[(self.tag, self.vr)] = found
        return found

    def child(self) -> Place:
        """Return the place inside this sequence."""
        if self.inside is None:
            self.inside = self.place.child(self.tag, self.sequence_mode, self.value_encoding)
        return self.inside


class Shared:
    """What all places of one engine have in common."""

    def __init__(
        self,
        profile: Profile,
        handlers: Mapping[str, Callable[..., Any]],
        special: Mapping[str, Callable[..., Any]],
        coded: frozenset[str],
        coded_dummy: Callable[[Rule], bytes],
    ) -> None:
        self.profile = profile
        self.handlers = handlers
        self.special = special
        self.coded = coded
        self.coded_dummy = coded_dummy
        self.audits: list[tuple[str, str]] = []
        self._numbers: dict[tuple[str, str], int] = {}

    def audit_number(self, action: str, keyword: str) -> int:
        """Return a small number for an action on an attribute."""
        key = (action, keyword)
        if key not in self._numbers:
            self._numbers[key] = len(self.audits)
            self.audits.append(key)
        return self._numbers[key]


def tag_name(tag: int) -> str:
    """Return a tag as text; of a private one the block is left open."""
    group, element = tag >> 16, tag & 0xFFFF
    if group & 1 and element > 0xFF:
        return f"({group:04X},xx{element & 0xFF:02X})"
    return f"({group:04X},{element:04X})"
