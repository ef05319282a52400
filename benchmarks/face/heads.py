"""The heads that are attacked: every real scan there is, and label maps drawn as MR.

Only half a dozen real MR heads are at hand, too few for a gallery. The label maps are real people's
heads as well: each is drawn as a plain T1-like scan, found and replaced like any other.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from Clinic2CloudLib.dicom.model import Volume
from training.labels import BONE, CSF, EYE, FAT, GRAY, MARROW, MUCOSA, SKIN, WHITE
from training.scans import DICOM_HEADS, dicom_volumes, nifti_volume

KINDS = ("CT", "MR", "map")

#: Two series of one session are one person: naming the other one is a hit as well.
SAME_PERSON = {"adi_T2": "adi_T1"}
#: T1-like levels; what is not named is muscle, and label 0 is air.
LEVELS = (
    (CSF, 150), (GRAY, 450), (WHITE, 620), ((EYE,), 120), ((SKIN,), 500), ((FAT,), 800),
    ((MARROW,), 650), ((BONE,), 90), ((MUCOSA,), 350),
)  # fmt: skip
MUSCLE, NOISE = 400, 12.0


@dataclass(frozen=True)
class Head:
    """One scan of one person.

    Attributes
    ----------
    name, person : str
        Of the scan and of whom it shows; names of public data, never a patient's.
    kind : str
        One of :data:`KINDS`.
    part : str
        ``dev`` or ``train``.
    read : callable
        Returns the volume.
    """

    name: str
    person: str
    kind: str
    part: str
    read: Callable[[], Volume]


def data_folder() -> Path:
    """Return the shared images' folder: beside the repository, or where the tests look for it."""
    named = os.environ.get("CLINIC2CLOUD_TEST_DATA")
    return Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "data"


def heads(data: Path) -> Iterator[Head]:
    """Yield all heads: those never trained on first, then MR, CT and label maps."""
    folder = data / "heads"
    for path in DICOM_HEADS:
        kind = "CT" if path.startswith("ct") else "MR"
        yield _head(Path(path).name, kind, "dev", _series(folder / "dev" / path))
    for part in ("dev", "train"):
        for kind, below in (("MR", "mr"), ("CT", "ct")):
            for path in sorted((folder / part / below).glob("*.nii.gz")):
                yield _head(path.name.split(".")[0], kind, part, _nifti(path, kind))
    for part in ("dev", "train"):
        for path in sorted((folder / part / "labels").glob("*.nii.gz")):
            yield _head(path.name.split(".")[0], "map", part, _drawn(path))


def spread(listed: list[Head], count: int) -> list[Head]:
    """Return about ``count`` heads, evenly from the list of each kind, in the list's order."""
    if count >= len(listed):
        return listed
    chosen = []
    for kind in KINDS:
        own = [head for head in listed if head.kind == kind]
        share = min(len(own), max(1, round(count * len(own) / len(listed)))) if own else 0
        chosen += [own[int(at)] for at in np.linspace(0, len(own) - 1, share).round()]
    return [head for head in listed if head in chosen]


def mixed(listed: list[Head]) -> list[Head]:
    """Return the heads in an order in which a run that is cut off has some of each kind."""
    place = {}
    for kind in KINDS:
        for part in ("dev", "train"):
            own = [head for head in listed if (head.kind, head.part) == (kind, part)]
            place |= {head.name: number / len(own) for number, head in enumerate(own)}
    return sorted(listed, key=lambda head: (head.part, place[head.name]))


def _head(name: str, kind: str, part: str, read: Callable[[], Volume]) -> Head:
    return Head(name, SAME_PERSON.get(name, name), kind, part, read)


def _series(path: Path) -> Callable[[], Volume]:
    return lambda: max(dicom_volumes(path), key=lambda volume: volume.stored.size)


def _nifti(path: Path, modality: str) -> Callable[[], Volume]:
    return lambda: nifti_volume(path, modality)


def _drawn(path: Path) -> Callable[[], Volume]:
    return lambda: drawn(nifti_volume(path, "MR"))


def drawn(labels: Volume) -> Volume:
    """Draw a label map as a T1-like scan: a level for each tissue, partial volume, noise."""
    from scipy import ndimage

    table = np.full(int(labels.stored.max()) + 1, MUSCLE, np.float32)
    table[0] = 0.0
    for numbers, level in LEVELS:
        table[[number for number in numbers if number < len(table)]] = level
    random = np.random.default_rng(1)
    values = ndimage.gaussian_filter(table[labels.stored], 0.6)
    noise = random.normal(0.0, NOISE, (2, *values.shape)).astype(np.float32)
    # The magnitude of a complex signal: noise in air is never negative (Rician).
    values = np.hypot(values + noise[0], noise[1])
    return replace(labels, stored=np.rint(values).astype(np.int16))
