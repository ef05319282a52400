"""Words that DICOM itself writes: a patient of such a name must not make every image suspect."""

from __future__ import annotations

import functools
import json
from importlib import resources


def is_defined_term(word: str) -> bool:
    """Return whether a word is a defined term or enumerated value of a coded string."""
    return word.upper() in defined_terms()


@functools.cache
def defined_terms() -> frozenset[str]:
    """Return words of Body Part Examined (PS3.16 annex L), Image Type, Modality and the like."""
    text = (resources.files(__package__) / "defined_terms.json").read_text("utf-8")
    return frozenset(json.loads(text))
