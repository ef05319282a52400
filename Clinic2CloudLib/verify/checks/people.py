"""No person's name but pseudonyms."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import CaseView, Finding, InstanceView

PERSON = "person-name"

#: What stands where a name must not be empty.
_DUMMIES = frozenset(("", "Removed", "REMOVED", "Anonymous"))


def check_people(view: CaseView, instance: InstanceView) -> Iterator[Finding]:
    """Look whether every name is empty, a dummy, or the patient's pseudonym."""
    for element in instance.elements:
        if element.vr != "PN" or element.keyword in view.kept:
            continue
        for value in element.values():
            if value.strip("^= ") not in _DUMMIES | {view.case.patient_id}:
                yield Finding(PERSON, instance.file, f"{element.name} is no pseudonym")
