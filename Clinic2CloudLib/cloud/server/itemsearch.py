"""Search in work items: any attribute, also within sequences (PS3.18 sections 8.3.4 and 11.9)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..dicomjson import DataSet
from ..upsattributes import RETURNED
from .answers import Refusal
from .matching import matcher
from .qido import MOST, read_number

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams

_TAG = re.compile(r"[0-9A-Fa-f]{8}")
_MATCHING = ("limit", "offset", "includefield", "fuzzymatching")


@dataclass
class ItemQuestion:
    """One search; each condition is a path of tags and the wanted value."""

    conditions: list[tuple[tuple[str, ...], str]] = field(default_factory=list)
    include: set[str] = field(default_factory=set)
    limit: int = MOST
    offset: int = 0

    def matches(self, data_set: DataSet) -> bool:
        """Whether a work item meets all conditions."""
        return all(_meets(data_set, path, wanted) for path, wanted in self.conditions)

    def shown(self, data_set: DataSet) -> DataSet:
        """Return what an answer holds of a work item: more with ``includefield`` or a match."""
        if "all" in self.include:
            return data_set
        kept = RETURNED | self.include | {path[0] for path, _ in self.conditions}
        return {tag: value for tag, value in data_set.items() if tag in kept}


def read_item_question(params: QueryParams) -> ItemQuestion:
    """Read a search from its query parameters.

    Raises
    ------
    Refusal
        400, for what is no attribute and for a malformed number.
    """
    question = ItemQuestion()
    for name, value in params.multi_items():
        if name == "limit":
            question.limit = min(read_number(name, value), MOST)
        elif name == "offset":
            question.offset = read_number(name, value)
        elif name == "includefield":
            question.include.update(
                part if part == "all" else read_path(part)[0] for part in value.split(",") if part
            )
        elif name not in _MATCHING:
            question.conditions.append((read_path(name), value))
    return question


def read_path(name: str) -> tuple[str, ...]:
    """Return the tags of ``00404018.00080100`` or ``ScheduledWorkitemCodeSequence.CodeValue``.

    Raises
    ------
    Refusal
        400.
    """
    return tuple(_tag(part) for part in name.split("."))


def _tag(name: str) -> str:
    from pydicom.datadict import tag_for_keyword

    if _TAG.fullmatch(name):
        return name.upper()
    tag = tag_for_keyword(name) if name.isascii() and name.isalnum() else None
    if tag is None:
        raise Refusal(400, "a query parameter is no attribute")
    return f"{tag:08X}"


def _meets(data_set: DataSet, path: Sequence[str], wanted: str) -> bool:
    found = False
    for vr, value in _leaves(data_set, path):
        found = True
        if matcher(vr, wanted)(value):
            return True
    # An attribute that is missing or empty meets universal matching only.
    return not found and wanted in ("", "*")


def _leaves(data_set: DataSet, path: Sequence[str]) -> Iterator[tuple[str, Any]]:
    element = data_set.get(path[0])
    if not isinstance(element, dict):
        return
    for value in element.get("Value") or ():
        if len(path) > 1:
            if isinstance(value, dict):
                yield from _leaves(value, path[1:])
        elif element.get("vr") == "PN" and isinstance(value, dict):
            yield "PN", value.get("Alphabetic")
        else:
            yield str(element.get("vr")), value
