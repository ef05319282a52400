"""The confidentiality profile's tables: PS3.15 Annex E as data, made by tools/make_profile_tables.

``profile.json`` holds Tables E.1-1, E.3.4-1 and E.3.10-1 of one edition with the SHA-256 of the
files they came from; ``types.json.gz`` the Types (PS3.3) of attributes whose action they decide.
"""

from __future__ import annotations

import functools
import gzip
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

__all__ = ["Concept", "Row", "attribute_types", "concepts", "edition", "group", "repeating", "rows"]


_IMAGE_REFERENCES = (0x00081140, 0x00082112)  # Referenced and Source Image Sequence


@dataclass(frozen=True)
class Row:
    """One row of Table E.1-1: an attribute and its action per column (``basic``, ``uids``, ...)."""

    keyword: str
    vr: str
    actions: Mapping[str, str]


@dataclass(frozen=True)
class Concept:
    """One row of Table E.3.4-1: a concept name, a value type and its action per column."""

    meaning: str
    actions: Mapping[str, str]


@functools.cache
def _profile() -> dict:
    return dict(json.loads(resources.files(__name__).joinpath("profile.json").read_text("utf-8")))


@functools.cache
def _types() -> dict:
    raw = resources.files(__name__).joinpath("types.json.gz").read_bytes()
    return dict(json.loads(gzip.decompress(raw)))


def edition() -> tuple[str, str]:
    """Return the edition of PS3.15 and the SHA-256 of the tables it was read from."""
    return _profile()["edition"], _profile()["digest"]


@functools.cache
def rows() -> Mapping[int, Row]:
    """Return Table E.1-1 by tag (``0x00100010``), without its repeating groups."""
    return {int(tag, 16): Row(*row) for tag, row in _profile()["attributes"].items()}


@functools.cache
def repeating() -> Mapping[str, Row]:
    """Return the rows of Table E.1-1 whose tag has an ``xx`` or a condition, as it is written."""
    return {tag: Row(*row) for tag, row in _profile()["repeating"].items()}


@functools.cache
def concepts() -> Mapping[tuple[str, str, str], Concept]:
    """Return Table E.3.4-1 by code value, coding scheme and value type."""
    return {
        (value, scheme, value_type): Concept(meaning, actions)
        for value, scheme, value_type, actions, meaning in _profile()["concepts"]
    }


@functools.cache
def safe_private() -> Mapping[tuple[str, int, int], str]:
    """Return Table E.3.10-1: private creator, group and element byte to the VR."""
    return {
        (creator, int(group, 16), int(offset, 16)): vr
        for creator, elements in _profile()["safe_private"].items()
        for group, offset, vr, _ in elements
    }


@functools.cache
def _groups() -> dict:
    return tomllib.loads(resources.files(__name__).joinpath("groups.toml").read_text("utf-8"))


def group(name: str) -> frozenset[str]:
    """Return one of the groups of keywords or words in ``groups.toml``."""
    return frozenset(_groups()[name].split())


@functools.cache
def attribute_types(sop_class_uid: str) -> Mapping[tuple[int, ...], Mapping[int, str]] | None:
    """Return the Types other than 3 in an IOD that decide a compound action.

    Parameters
    ----------
    sop_class_uid : str
        Of the instance.

    Returns
    -------
    mapping or None
        Path (tags of the enclosing sequences) to tag to Type (``1``, ``1C``, ``2``, ``2C``); the
        strictest of the IOD's modules. None when the SOP class is not known.
    """
    iod = _types()["classes"].get(sop_class_uid)
    if iod is None or iod not in _types()["iods"]:
        return None
    result: dict[tuple[int, ...], dict[int, str]] = {}
    for module in _types()["iods"][iod]:
        for path, types in _types()["modules"][module].items():
            try:
                place = tuple(int(tag, 16) for tag in path.split(".") if tag)
            except ValueError:  # a sequence newer than the dictionary
                continue
            level = result.setdefault(place, {})
            for tag, kind in types.items():
                if len(tag) == 8 and _is_hexadecimal(tag):
                    number = int(tag, 16)
                    level[number] = min(level.get(number, "3"), kind)
    if iod in _types()["referencing"]:
        # Common Instance Reference is mandatory where there are references: they must stay.
        for tag in _IMAGE_REFERENCES:
            result.setdefault((), {}).setdefault(tag, "1C")
    return result


def _is_hexadecimal(text: str) -> bool:
    """Return whether a table's key is a tag and not the keyword of an attribute without one."""
    return all(character in "0123456789ABCDEF" for character in text)
