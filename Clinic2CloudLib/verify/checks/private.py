"""No private element but those that the policy declares."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import CaseView, Finding, InstanceView

PRIVATE = "private-element"

SAFE_PRIVATE = "113111"


def check_private(view: CaseView, instance: InstanceView) -> Iterator[Finding]:
    """Look whether private elements are declared, and have a creator who says what they are."""
    declared = {
        (str(creator), int(element))
        for creator, element in view.headers_policy.get("keep_private", ())
    }
    for element in instance.elements:
        group, number = element.tag >> 16, element.tag & 0xFFFF
        if not group & 1 or 0x10 <= number <= 0xFF:
            continue
        creator_tag = (group << 16) | (number >> 8)
        creator = str(element.owner.get(creator_tag).value) if creator_tag in element.owner else ""
        if not creator.strip():
            yield Finding(PRIVATE, instance.file, f"{element.name} is private without a creator")
        elif not (
            view.option("retain_safe_private") or (creator.strip(), number & 0xFF) in declared
        ):
            yield Finding(PRIVATE, instance.file, f"{element.name} is private and not declared")
