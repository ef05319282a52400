"""The DICOM JSON model (PS3.18 annex F), as far as the client reads and writes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from ..errors import CloudError

#: One data set: eight hex digits of the tag to ``{"vr": ..., "Value": [...]}``.
DataSet: TypeAlias = dict[str, Any]


def element(vr: str, *values: Any) -> dict[str, Any]:
    """Return one element; empty without values."""
    return {"vr": vr, "Value": list(values)} if values else {"vr": vr}


def code(value: str, scheme: str, meaning: str) -> DataSet:
    """Return a code sequence item (PS3.3 section 8); Code Value holds at most 16 characters."""
    tag, vr = ("00080100", "SH") if len(value) <= 16 else ("00080119", "UC")
    return {
        tag: element(vr, value),
        "00080102": element("SH", scheme),
        "00080104": element("LO", meaning[:64]),
    }


def values(data_set: DataSet, tag: str) -> list[Any]:
    """Return an element's values, empty when it is absent or malformed."""
    found = data_set.get(tag)
    listed = found.get("Value") if isinstance(found, dict) else None
    return listed if isinstance(listed, list) else []


def text(data_set: DataSet, tag: str) -> str:
    """Return an element's first value as text, empty when it has none."""
    found = values(data_set, tag)
    return str(found[0]).strip("\0 ") if found and found[0] is not None else ""


def items(data_set: DataSet, tag: str) -> list[DataSet]:
    """Return a sequence's items."""
    return [item for item in values(data_set, tag) if isinstance(item, dict)]


def data_sets(parsed: Any) -> list[DataSet]:
    """Return the data sets of a parsed answer: an array of them, or one alone.

    Raises
    ------
    CloudError
        When it is neither.
    """
    listed = parsed if isinstance(parsed, list) else [parsed]
    if not all(isinstance(item, dict) for item in listed):
        raise CloudError("the server's answer is not the DICOM JSON model")
    return listed


def referenced(study: str, series: str, instances: Sequence[tuple[str, str]], base: str) -> DataSet:
    """Return what a work item says of instances it reads or made (PS3.4 table CC.2.5-2c).

    Parameters
    ----------
    study, series : str
        Study and Series Instance UID.
    instances : sequence of (str, str)
        SOP Class UID and SOP Instance UID of each.
    base : str
        DICOMweb base URL under which they can be retrieved; one way to retrieve them must be named.
    """
    retrieve = {"00081190": element("UR", f"{base}/studies/{study}/series/{series}")}
    return {
        "0040E020": element("CS", "DICOM"),
        "0020000D": element("UI", study),
        "0020000E": element("UI", series),
        "00081199": element(
            "SQ",
            *(
                {"00081150": element("UI", of), "00081155": element("UI", uid)}
                for of, uid in instances
            ),
        ),
        "0040E025": element("SQ", retrieve),  # WADO-RS Retrieval Sequence
    }
