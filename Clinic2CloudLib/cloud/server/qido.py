"""Search for studies, series and instances: QIDO-RS, PS3.18 section 10.6."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..dicomjson import DataSet, element
from .answers import Refusal, base_url, dicom_json, empty, wants_json, warning
from .attributes import KEYS, LEVELS, Key, Level, is_uid, to_json
from .store import Store

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams
    from starlette.requests import Request
    from starlette.responses import Response

#: At most so many matches an answer; the rest can be asked for with ``offset``.
MOST = 5000

_BY_NAME = {name: key for key in KEYS for name in (key.keyword, key.hex)}
_MODALITIES = {"ModalitiesInStudy", "00080061"}
_FROM = {
    "study": "study",
    "series": "series JOIN study USING (StudyInstanceUID)",
    "instance": "instance JOIN series USING (SeriesInstanceUID) "
    "JOIN study USING (StudyInstanceUID)",
}
_ORDER = {
    "study": "StudyDate DESC, StudyInstanceUID",
    "series": "StudyInstanceUID, SeriesNumber, SeriesInstanceUID",
    "instance": "StudyInstanceUID, SeriesInstanceUID, InstanceNumber, SOPInstanceUID",
}


@dataclass
class Question:
    """One search, read from its URL."""

    level: Level
    match: list[tuple[Key, str]] = field(default_factory=list)
    modalities: str = ""
    include: set[str] = field(default_factory=set)
    limit: int = MOST
    offset: int = 0
    fuzzy: bool = False


class SearchService:
    """The search transactions.

    Parameters
    ----------
    store : Store
        Whose index is searched.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def studies(self, request: Request) -> Response:
        """Answer ``GET /studies``."""
        return self._answer(request, "study")

    def series(self, request: Request) -> Response:
        """Answer ``GET /series`` and ``GET /studies/{study}/series``."""
        return self._answer(request, "series")

    def instances(self, request: Request) -> Response:
        """Answer ``GET /instances``, also below a study or a series."""
        return self._answer(request, "instance")

    def _answer(self, request: Request, level: Level) -> Response:
        wants_json(request)
        question = read_question(level, request.query_params, request.path_params)
        reading = self._store.index.reading
        sql, arguments = _sql(question)
        rows = reading.execute(sql, [*arguments, question.limit + 1, question.offset]).fetchall()
        more = len(rows) > question.limit
        found = [
            _data_set(reading, question, row, base_url(request)) for row in rows[: question.limit]
        ]
        if not found:
            return empty(204)
        said = []
        if more:
            said.append("There are additional results that can be requested")
        if question.fuzzy:
            said.append(
                "The fuzzymatching parameter is not supported. "
                "Only literal matching has been performed."
            )
        return dicom_json(found, 200, warning(" ".join(said)) if said else None)


def read_question(level: Level, params: QueryParams, path: dict[str, str]) -> Question:
    """Read a search from its query parameters and path (PS3.18 section 8.3.4).

    Raises
    ------
    Refusal
        400, for an attribute that cannot be matched on and for a malformed number.
    """
    question = Question(level)
    for name, uid in (("study", path.get("study")), ("series", path.get("series"))):
        if uid is None:
            continue
        if not is_uid(uid):
            raise Refusal(400, f"the {name} in the URL is no UID")
        keyword = "StudyInstanceUID" if name == "study" else "SeriesInstanceUID"
        question.match.append((_BY_NAME[keyword], uid))
    for name, value in params.multi_items():
        if name == "limit":
            question.limit = min(read_number(name, value), MOST)
        elif name == "offset":
            question.offset = read_number(name, value)
        elif name == "includefield":
            question.include.update(value.split(","))
        elif name == "fuzzymatching":
            question.fuzzy = value.lower() == "true"
        elif name in _MODALITIES and level != "instance":
            question.modalities = value
        else:
            question.match.append((_key(name, level), value))
    return question


def read_number(name: str, value: str) -> int:
    """Return a count from a URL.

    Raises
    ------
    Refusal
        400, when it is none.
    """
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        raise Refusal(400, f"{name} must be a number")
    return int(value)


def _key(name: str, level: Level) -> Key:
    key = _BY_NAME.get(name) or _BY_NAME.get(name.upper())
    if key is None or LEVELS.index(key.level) > LEVELS.index(level):
        shown = name if name.isascii() and name.isalnum() and len(name) <= 64 else "an attribute"
        raise Refusal(400, f"matching on {shown} is not supported for this resource")
    return key


def _sql(question: Question) -> tuple[str, list[str]]:
    conditions, arguments = [], []
    for key, wanted in question.match:
        if key.vr == "UI" and is_uid(wanted):
            conditions.append(f"{key.level}.{key.keyword} = ?")  # an index serves this
            arguments.append(wanted)
        else:
            conditions.append(f"dicom_matches('{key.vr}', ?, {key.level}.{key.keyword})")
            arguments.append(wanted)
    if question.modalities:
        conditions.append(
            "EXISTS (SELECT 1 FROM series AS one WHERE one.StudyInstanceUID = "
            "study.StudyInstanceUID AND dicom_matches('CS', ?, one.Modality))"
        )
        arguments.append(question.modalities)
    columns = ", ".join(f"{key.level}.{key.keyword}" for key in _keys(question.level))
    order = _ORDER[question.level]
    return (
        f"SELECT {columns} FROM {_FROM[question.level]} "
        f"WHERE {' AND '.join(conditions) or '1'} ORDER BY {order} LIMIT ? OFFSET ?",
        arguments,
    )


def _keys(level: Level) -> Sequence[Key]:
    return [key for key in KEYS if LEVELS.index(key.level) <= LEVELS.index(level)]


def _data_set(
    reading: sqlite3.Connection, question: Question, row: sqlite3.Row, base: str
) -> DataSet:
    level = question.level
    found: DataSet = {"00080005": element("CS", "ISO_IR 192"), "00080056": element("CS", "ONLINE")}
    for key in _keys(level):
        if key.shown or question.include & {"all", key.keyword, key.hex}:
            found[key.hex] = to_json(key, row[key.keyword])
    study = row["StudyInstanceUID"]
    url = f"{base}/studies/{study}"
    if level == "study":
        modalities, series, instances = reading.execute(
            "SELECT group_concat(DISTINCT Modality), count(DISTINCT SeriesInstanceUID), "
            "count(SOPInstanceUID) FROM series LEFT JOIN instance USING (SeriesInstanceUID) "
            "WHERE StudyInstanceUID = ?",
            (study,),
        ).fetchone()
        found["00080061"] = element("CS", *sorted((modalities or "").split(",")))
        found["00201206"] = element("IS", series)
        found["00201208"] = element("IS", instances)
    else:
        url += f"/series/{row['SeriesInstanceUID']}"
    if level == "series":
        count = reading.execute(
            "SELECT count(*) FROM instance WHERE SeriesInstanceUID = ?",
            (row["SeriesInstanceUID"],),
        ).fetchone()[0]
        found["00201209"] = element("IS", count)
    if level == "instance":
        url += f"/instances/{row['SOPInstanceUID']}"
    found["00081190"] = element("UR", url)
    return found
