"""No identifying token of the source in any byte of an instance."""

from __future__ import annotations

from collections.abc import Iterator

from ..elements import plain_bytes
from ..model import CaseView, Finding, InstanceView
from ..scanner import Needle, Scanner, is_text
from ..segments import Segment, segments
from ..tokens import Token
from ..words import is_defined_term

LEAK = "leak"

#: Numbers and dates stand in these for what they are; a patient number of six digits may look like
#: a time of day. The dates' own check looks at dates.
_NUMERIC = frozenset(("DA", "DT", "TM", "DS", "IS", "AS", "UI"))


def check_leaks(view: CaseView, instance: InstanceView) -> Iterator[Finding]:
    """Search every byte, and what is packed in them, for the tokens known from the crosswalk."""
    inflated = plain_bytes(instance.raw, instance.dataset)
    told: set[tuple[Token, str]] = set()
    for segment in segments(instance.raw, inflated, list(instance.elements)):
        for needle, count in _hits(view.scanner, segment):
            places = [segment.where] if segment.where else _places(needle, count, instance)
            for place in places:
                if (needle.token, place) not in told:
                    told.add((needle.token, place))
                    text = f"{needle.token.describe()} stands in {place}"
                    yield Finding(LEAK, instance.file, text)


def _hits(scanner: Scanner, segment: Segment) -> Iterator[tuple[Needle, int]]:
    """Search a segment as strictly as its kind allows."""
    # Grey values may all be printable; pixels are never taken for text.
    if segment.kind == "header" or (segment.kind == "binary" and is_text(segment.data)):
        return scanner.in_text(segment.data)
    return scanner.in_binary(segment.data, pixels=segment.kind == "pixels")


def _places(needle: Needle, count: int, instance: InstanceView) -> list[str]:
    """Return which elements hold a token found in the header; none when it stands there rightly."""
    places: list[str] = []
    for element in instance.elements:
        inside = needle.count(element.raw.lower())
        if inside and not _is_rightly(needle.token, element.vr, element.raw):
            places.append(element.name)
        count -= inside
    if count > 0 and not places:
        places.append("the bytes between the elements")
    return places


def _is_rightly(token: Token, vr: str, raw: bytes) -> bool:
    """Return whether an element's VR explains that a token stands in it."""
    if token.kind in ("number", "date"):
        return vr in _NUMERIC
    return token.kind == "word" and vr == "CS" and is_defined_term(token.text)
