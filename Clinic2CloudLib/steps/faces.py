"""The face step of one series: find it in each volume, replace it, and say what was done."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..deface import find_face, replace_face
from ..deface.model import FaceFinding, FaceMethod, FaceReplacement
from ..dicom.model import Refused, Series, SliceSource, Volume
from ..dicom.pixel_edit import FrameEdit
from ..dicom.volume import read_volumes
from ..errors import NotDeidentifiableError
from ..facecheck import FaceCheck, check_face
from ..progress import Progress, part

#: Modalities whose volumes show a face that the finder knows.
FACE_MODALITIES = frozenset({"CT", "MR"})

#: The same, told by what the image is: a Modality that is missing or wrong hides no face.
FACE_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.2": "CT",
    "1.2.840.10008.5.1.4.1.1.2.1": "CT",
    "1.2.840.10008.5.1.4.1.1.2.2": "CT",
    "1.2.840.10008.5.1.4.1.1.4": "MR",
    "1.2.840.10008.5.1.4.1.1.4.1": "MR",
    "1.2.840.10008.5.1.4.1.1.4.3": "MR",
    "1.2.840.10008.5.1.4.1.1.4.4": "MR",
}

#: Volumes that show no skin: nobody is recognised by a dose.
FACELESS_MODALITIES = frozenset({"RTDOSE", "REG", "RWV"})

#: Slices whose normals differ by less than about eight degrees can be stacked again.
_PARALLEL = 0.99

#: Fewer slices than this give no surface that could be recognised; such stacks are left alone.
FEWEST_SLICES = 8

#: Which replacement ``auto`` means.
AUTO_METHOD: FaceMethod = "smooth"


@dataclass
class FaceOutcome:
    """What the face step did to a series.

    Attributes
    ----------
    edits : dict
        For each instance (index into the series) the frames that change.
    previews : list
        A volume, its new stored values and the mask of what may have changed; the largest first.
    record : dict or None
        For ``case.json``; None when the series holds no volume a face could be in.
    set_aside : dict
        Instances (index into the series) that cannot be passed on, and why.
    needs_review, not_claimed : list of str
        Sentences for the reviewer.
    """

    edits: dict[int, dict[int, FrameEdit]] = field(default_factory=dict)
    previews: list[tuple[Volume, np.ndarray, np.ndarray]] = field(default_factory=list)
    record: dict[str, Any] | None = None
    set_aside: dict[int, str] = field(default_factory=dict)
    needs_review: list[str] = field(default_factory=list)
    not_claimed: list[str] = field(default_factory=list)

    @property
    def face_removed(self) -> bool:
        """Whether recognizable visual features were cleaned (CID 7050, 113102)."""
        return bool(self.edits)


def remove_faces(
    series: Series, method: str, key: bytes, new_series_uid: str, progress: Progress | None = None
) -> FaceOutcome:
    """Find and replace the face in every volume of a series.

    Parameters
    ----------
    series : Series
        What was read.
    method : str
        ``auto``, ``reface``, ``smooth``, ``remove`` or ``off``.
    key : bytes
        The site's key; with the new Series Instance UID it seeds the replacement.
    new_series_uid : str
        The pseudonymous Series Instance UID.

    Raises
    ------
    NotDeidentifiableError
        When there may be a face and nothing certain can be done about it.
    """
    outcome = FaceOutcome()
    if not any(item.rows for item in series.instances):
        return outcome
    reading = read_volumes(series, part(progress, 0.0, 0.2))
    volumes = sorted(
        (replace(v, modality=imaged_by(series, v.slices)) for v in reading.volumes),
        key=lambda v: -v.stored.size,
    )
    if method != "off":
        _refuse_what_may_hide_a_face(series, reading.refused, outcome)
        _refuse_thin_stacks(volumes)
    outcome.not_claimed += [f"not searched for a face: {item.reason}" for item in reading.refused]
    outcome.not_claimed += [note for volume in volumes for note in volume.notes]
    records = []
    for number, volume in enumerate(volumes):
        share = part(
            progress,
            0.2 + 0.8 * number / len(volumes),
            0.2 + 0.8 * (number + 1) / len(volumes),
        )
        seed = _seed(key, new_series_uid, number)
        record, after, mask = _one_volume(volume, method, seed, outcome, share)
        outcome.previews.append((volume, after, mask))
        if record is not None:
            records.append(record)
    if records:
        outcome.record = _merged(records)
    return outcome


def imaged_by(series: Series, slices: Sequence[SliceSource]) -> str:
    """Return CT or MR where any of the slices is such an image, else the series' modality.

    Parameters
    ----------
    series : Series
        What was read.
    slices : sequence of SliceSource
        Some of its slices.
    """
    items = [series.instances[number] for number in sorted({s.instance for s in slices})]
    by_class = (FACE_CLASSES[i.sop_class_uid] for i in items if i.sop_class_uid in FACE_CLASSES)
    by_word = (item.modality for item in items if item.modality in FACE_MODALITIES)
    return next(by_class, None) or next(by_word, None) or series.modality


def _refuse_thin_stacks(volumes: Sequence[Volume]) -> None:
    """Raise when stacks too thin to be searched lie beside each other and make up a thick one."""
    thin = [v for v in volumes if v.modality in FACE_MODALITIES and len(v.slices) < FEWEST_SLICES]
    for one in thin:
        normal = _normal(one)
        places: set[int] = set()
        for other in thin:
            if abs(float(_normal(other) @ normal)) >= _PARALLEL:
                centres = other.ijk_to_lps[:3, 3, None] + np.outer(
                    other.ijk_to_lps[:3, 2], np.arange(len(other.slices))
                )
                places.update(np.rint(normal @ centres).astype(int).tolist())
        if len(places) >= FEWEST_SLICES:
            raise NotDeidentifiableError(
                "a face could not be looked for: its slices lie in several thin stacks that "
                "together could show one"
            )


def _normal(volume: Volume) -> np.ndarray:
    """Return the unit normal of a volume's slices, LPS."""
    normal = np.cross(volume.ijk_to_lps[:3, 0], volume.ijk_to_lps[:3, 1])
    return normal / np.linalg.norm(normal)


def _refuse_what_may_hide_a_face(
    series: Series, refused: Sequence[Refused], outcome: FaceOutcome
) -> None:
    """Raise when slices that are no volume to us could be made one by somebody else."""
    for item in refused:
        if imaged_by(series, item.slices) not in FACE_MODALITIES:
            continue
        if item.kind == "not_decodable":
            outcome.set_aside.update({source.instance: item.reason for source in item.slices})
        elif item.may_hide_a_face:
            raise NotDeidentifiableError(f"a face could not be looked for: {item.reason}")


def _one_volume(
    volume: Volume, method: str, seed: bytes, outcome: FaceOutcome, progress: Progress
) -> tuple[dict[str, Any] | None, np.ndarray, np.ndarray]:
    """De-identify one volume; returns its record, its new stored values and the mask."""
    untouched = np.zeros(volume.stored.shape, bool)
    if volume.modality not in FACE_MODALITIES:
        if len(volume.slices) >= FEWEST_SLICES:
            kind = volume.modality or "volume of unknown modality"
            sentence = f"faces are looked for in CT and MR; this {kind} was not searched"
            outcome.not_claimed.append(sentence)
            if volume.modality not in FACELESS_MODALITIES:
                outcome.needs_review.append(sentence)
        return None, volume.stored, untouched
    if len(volume.slices) < FEWEST_SLICES:
        outcome.not_claimed.append(
            f"a stack of {len(volume.slices)} slices is too thin to render a face; not searched"
        )
        return None, volume.stored, untouched
    if method == "off":
        outcome.not_claimed.append("faces were left in place: the face step was switched off")
        outcome.needs_review.append("the face step was switched off")
        return None, volume.stored, untouched
    finding = find_face(volume, part(progress, 0.0, 0.6))
    if finding.status == "uncertain" and (finding.face is None or not finding.face.any()):
        raise NotDeidentifiableError(
            f"there may be a face that could not be located: {'; '.join(finding.reasons)}"
        )
    if finding.status not in ("found", "uncertain"):
        return _record(finding, None), volume.stored, untouched
    wanted: FaceMethod = AUTO_METHOD if method == "auto" else method  # type: ignore[assignment]
    replaced = replace_face(volume, finding, wanted, seed, part(progress, 0.6, 1.0))
    if finding.status == "uncertain":
        outcome.needs_review.append(f"the face was hard to locate: {'; '.join(finding.reasons)}")
    _add_edits(outcome.edits, volume, replaced)
    checked = check_face(volume, replaced.stored, finding, wanted)
    if checked is None:
        outcome.not_claimed.append("how far the face moved was not measured: no skin of it in view")
    elif checked.verdict == "doubtful":
        outcome.needs_review += [f"the face check has doubts: {doubt}" for doubt in checked.doubts]
    return _record(finding, replaced, checked), replaced.stored, replaced.mask


def _add_edits(
    edits: dict[int, dict[int, FrameEdit]], volume: Volume, replaced: FaceReplacement
) -> None:
    """Note which frames of which instances change, and to what."""
    for k, source in enumerate(volume.slices):
        if replaced.mask[k].any():
            frames = edits.setdefault(source.instance, {})
            frames[source.frame] = FrameEdit(replaced.mask[k], replaced.stored[k])


def _record(
    finding: FaceFinding, replaced: FaceReplacement | None, checked: FaceCheck | None = None
) -> dict[str, Any]:
    """Return what the report says of one volume."""
    voxels = int(replaced.mask.sum()) if replaced else 0
    head = int(finding.head.sum()) if finding.head is not None else 0
    return {
        "status": finding.status,
        "finder": finding.finder,
        "method": replaced.method if replaced else "none",
        "voxels": voxels,
        "share": round(voxels / head, 4) if head else 0.0,
        "confidence": round(float(finding.confidence), 3),
        "reasons": list(finding.reasons),
        "check": checked.record() if checked else None,
    }


def _merged(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the record of the series: that of its most telling volume, voxels in all."""
    order = ("uncertain", "found", "already_removed", "no_face", "no_head")
    first = min(records, key=lambda record: order.index(record["status"]))
    return {**first, "voxels": sum(r["voxels"] for r in records), "volumes": len(records)}


def _seed(key: bytes, series_uid: str, number: int) -> bytes:
    """Return a seed that only the key's holder could work out again."""
    return hmac.new(key, f"face:{series_uid}:{number}".encode(), hashlib.sha256).digest()
