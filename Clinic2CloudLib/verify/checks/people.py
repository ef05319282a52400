"""No person's name but pseudonyms."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..model import CaseView, Finding, InstanceView

PERSON = "person-name"

#: The form of a pseudonym: a site's prefix and 80 bits in base 32 without I, L, O and U.
_PSEUDONYM = re.compile(r"[A-Za-z0-9._-]{0,16}[0-9A-HJKMNP-TV-Z]{16}")
#: What stands where a name must not be empty.
_DUMMIES = frozenset(("", "Removed", "REMOVED", "Anonymous"))


def check_people(view: CaseView, instance: InstanceView) -> Iterator[Finding]:
    """Look whether every name is empty, a dummy, or the patient's pseudonym.

    A source without Patient ID has none to compare with; then the form must be a pseudonym's.
    """
    own = view.case.patient_id
    for element in instance.elements:
        if element.vr != "PN" or element.keyword in view.kept:
            continue
        for value in element.values():
            name = value.strip("^= ")
            is_pseudonym = name == own if own else _PSEUDONYM.fullmatch(name)
            if name not in _DUMMIES and not is_pseudonym:
                yield Finding(PERSON, instance.file, f"{element.name} is no pseudonym")
