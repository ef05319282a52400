"""Which UIDs name nothing of a patient's."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection

from pydicom.uid import UID_dictionary

__all__ = ["holds_uid", "is_formed", "is_standard_class", "is_well_known", "without_uids"]

#: Coding schemes registered with HL7 (PS3.16 table 8-1), for attributes that name a vocabulary.
_VOCABULARY = re.compile(
    r"2\.16\.840\.1\.113883\.6\.\d{1,4}(\.\d{1,4})?|1\.2\.840\.10008\.2\.16\.\d{1,2}",
    re.ASCII,
)
_VOCABULARY_ATTRIBUTES = frozenset(("CodingSchemeUID", "ContextUID", "MappingResourceUID"))
#: Storage classes, transfer syntaxes and context groups of editions later than the dictionary's;
#: components are short, so that no number of a patient fits.
_CLASSES = re.compile(r"1\.2\.840\.10008\.(5\.1\.4|1\.2|6\.1)(\.\d{1,4}){1,7}", re.ASCII)


_FORM = re.compile(rb"(?:[0-2](?:\.\d+)+)?")


@functools.lru_cache(1 << 14)
def is_well_known(raw: bytes, keyword: str) -> bool:
    """Return whether every UID of a value is one of the standard's (or a registered vocabulary's).

    Parameters
    ----------
    raw : bytes
        The value, padding and several UIDs included.
    keyword : str
        The attribute's; some may name a vocabulary. Empty for UIDs of instances, series and the
        like, which are well-known only when the dictionary has them.
    """
    texts = [part.strip("\0 ") for part in raw.decode("latin-1").split("\\")]
    vocabulary = keyword in _VOCABULARY_ATTRIBUTES
    return all(
        not text
        or text in UID_dictionary
        or (keyword and _CLASSES.fullmatch(text))
        or (vocabulary and _VOCABULARY.fullmatch(text))
        for text in texts
    )


def is_formed(raw: bytes) -> bool:
    """Return whether every value is a UID by its form (PS3.5 section 9.1)."""
    return all(
        len(part) <= 64 and _FORM.fullmatch(part) for part in raw.rstrip(b"\0 ").split(b"\\")
    )


def is_standard_class(uid: str) -> bool:
    """Return whether a SOP class is the standard's: of another nothing can be told."""
    return is_well_known(uid.encode("latin-1", "replace"), "SOPClassUID") and bool(uid)


#: A UID's first characters name its issuer: a data set has thousands of UIDs but few of these.
_ROOT = 12
_SHORTEST = 9
_DOTTED = re.compile(rb"\d+(?:\.\d+){3,}")


def holds_uid(text: bytes, uids: Collection[bytes]) -> bool:
    """Return whether one of many UIDs stands in some bytes, without a search for each."""
    roots = {uid[:_ROOT] for uid in uids if len(uid) >= _SHORTEST}
    if not any(root.lower() in text or root in text for root in roots):
        return False
    if any(match in uids for match in _DOTTED.findall(text)):
        return True
    return any(uid in text or uid.lower() in text for uid in _irregular(uids))


def without_uids(text: str, uids: Collection[bytes]) -> str:
    """Return a text without the UIDs."""

    def left(match: re.Match[str]) -> str:
        return "" if match.group().encode("latin-1", "replace") in uids else match.group()

    text = re.sub(_DOTTED.pattern.decode(), left, text, flags=re.ASCII)
    for uid in _irregular(uids):
        text = text.replace(uid.decode("latin-1"), "")
    return text


def _irregular(uids: Collection[bytes]) -> list[bytes]:
    """Return what stands in the place of UIDs and is none."""
    return [uid for uid in uids if len(uid) >= _SHORTEST and not _DOTTED.fullmatch(uid)]
