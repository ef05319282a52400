"""Which UIDs name nothing of a patient's."""

from __future__ import annotations

import functools
import re

from pydicom.uid import UID_dictionary

__all__ = ["is_standard_class", "is_well_known"]

#: Coding schemes registered with HL7 (PS3.16 table 8-1), for attributes that name a vocabulary.
_VOCABULARY = re.compile(
    r"2\.16\.840\.1\.113883\.6\.\d{1,4}(\.\d{1,4})?|1\.2\.840\.10008\.2\.16\.\d{1,2}"
)
_VOCABULARY_ATTRIBUTES = frozenset(("CodingSchemeUID", "ContextUID", "MappingResourceUID"))
#: Storage classes, transfer syntaxes and context groups of editions later than the dictionary's;
#: components are short, so that no number of a patient fits.
_CLASSES = re.compile(r"1\.2\.840\.10008\.(5\.1\.4|1\.2|6\.1)(\.\d{1,4}){1,7}")


@functools.lru_cache(1 << 14)
def is_well_known(raw: bytes, keyword: str) -> bool:
    """Return whether every UID of a value is one of the standard's (or a registered vocabulary's).

    Parameters
    ----------
    raw : bytes
        The value, padding and several UIDs included.
    keyword : str
        The attribute's; some may name a vocabulary.
    """
    texts = [part.strip("\0 ") for part in raw.decode("latin-1").split("\\")]
    vocabulary = keyword in _VOCABULARY_ATTRIBUTES
    return all(
        not text
        or text in UID_dictionary
        or _CLASSES.fullmatch(text)
        or (vocabulary and _VOCABULARY.fullmatch(text))
        for text in texts
    )


def is_standard_class(uid: str) -> bool:
    """Return whether a SOP class is the standard's: of another nothing can be told."""
    return is_well_known(uid.encode("latin-1", "replace"), "") and bool(uid)
