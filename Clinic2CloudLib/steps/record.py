"""What ``case.json`` says of a series, gathered while it is written."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pydicom

from .._version import __version__
from ..cases.case import INSTANCES, Case, CaseInstance, digest_of
from ..dicom.model import Series, SetAside
from ..dicom.profile import HeaderResult
from ..pixels.text import TextBox
from ..preview.pictures import MOST_PICTURES, Shown
from .faces import FaceOutcome
from .site import Site

#: Said of every case: what de-identification of this kind cannot promise.
NEVER_CLAIMED = (
    "the anatomy itself (teeth, vessels, sutures, the brain's folds) can be unique to a person",
    "implants and their serial numbers are not looked for in the pixels",
)


#: Said of objects that may trace the skin, and with it the face, though they are no pictures.
_TRACING = dict.fromkeys(
    ("RTSTRUCT", "SEG", "M3D"),
    "what it outlines was not searched: an outline of the skin shows the face",
)


@dataclass
class Written:
    """What was gathered while the instances of a series were written."""

    instances: list[CaseInstance] = field(default_factory=list)
    results: list[HeaderResult] = field(default_factory=list)
    description: str = ""
    boxes: int = 0
    painted: list[dict[str, Any]] = field(default_factory=list)
    text_reasons: set[str] = field(default_factory=set)
    unchecked_text: bool = False
    set_aside: list[SetAside] = field(default_factory=list)
    pictures: list[Shown] = field(default_factory=list)

    def next_file(self) -> str:
        """Return where the next instance goes, relative to the case folder."""
        return f"{INSTANCES}/{len(self.instances) + 1:05d}.dcm"

    def paint(self, boxes: Sequence[TextBox]) -> None:
        """Note what was painted over in the next instance."""
        self.boxes += len(boxes)
        if boxes:
            places = [[box.top, box.left, box.bottom, box.right] for box in boxes]
            self.painted.append({"file": self.next_file(), "boxes": places})

    def show(self, picture: Shown) -> None:
        """Keep a single image for the preview: the first few, and the first few painted over."""
        alike = sum(bool(kept.boxes) == bool(picture.boxes) for kept in self.pictures)
        if alike < MOST_PICTURES:
            self.pictures.append(picture)


def case_id_of(new_series_uid: str) -> str:
    """Return a case's name, made from the pseudonymous Series Instance UID alone."""
    return f"case-{hashlib.sha256(new_series_uid.encode()).hexdigest()[:12]}"


def description_of(data: bytes) -> str:
    """Return the Series Description of a file, after cleaning."""
    header = pydicom.dcmread(io.BytesIO(data), specific_tags=["SeriesDescription"])
    return str(header.get("SeriesDescription", ""))


def case_of(
    series: Series,
    site: Site,
    face: FaceOutcome,
    written: Written,
    preview: dict[str, Any] | None,
    folder: Path,
) -> Case:
    """Gather what ``case.json`` says."""
    first = written.results[0]
    instances = tuple(written.instances)
    tracing = (_TRACING[series.modality],) if series.modality in _TRACING else ()
    text, text_doubts = _text_record(written, site.policy.text)
    return Case(
        folder=folder,
        id=case_id_of(first.series_uid),
        state="deidentified",
        modality=series.modality,
        series_uid=first.series_uid,
        study_uid=first.study_uid,
        patient_id=first.patient_id,
        description=written.description,
        instances=instances,
        digest=digest_of(instances),
        policy=site.policy.record(),
        headers=_headers_record(written.results),
        face=face.record,
        text=text,
        preview=preview,
        needs_review=(*dict.fromkeys(face.needs_review), *text_doubts),
        not_claimed=(*dict.fromkeys(face.not_claimed), *tracing, *NEVER_CLAIMED),
        software=f"Clinic2Cloud {__version__}",
    )


def _headers_record(results: Iterable[HeaderResult]) -> dict[str, Any]:
    """Add up what happened to the headers of all instances."""
    actions: dict[str, Counter[str]] = {}
    kept_text: set[tuple[str, str]] = set()
    codes: dict[str, str] = {}
    for result in results:
        for action, tally in result.actions.items():
            actions.setdefault(action, Counter()).update(tally)
        kept_text.update(result.kept_text)
        codes.update(dict(result.codes))
    return {
        "actions": {name: dict(sorted(tally.items())) for name, tally in sorted(actions.items())},
        "kept_text": [{"attribute": name, "text": text} for name, text in sorted(kept_text)],
        "codes": [{"value": value, "meaning": meaning} for value, meaning in sorted(codes.items())],
    }


def _text_record(written: Written, method: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return what the report says of burned-in annotation, and the doubts that remain."""
    record: dict[str, Any] = {
        "status": "not at risk",
        "boxes": written.boxes,
        "reason": "; ".join(sorted(written.text_reasons)),
        "places": written.painted,
    }
    if not written.text_reasons:
        return record, ()
    if written.unchecked_text:
        record["status"] = "not checked"
        return record, ("burned-in annotation was not looked for: the text step was switched off",)
    record["status"] = "painted over" if written.boxes else "none found"
    return record, ()
