"""Find and replace each head's face once, and keep what every measure asks for.

One file a head, and one a head and method, written whole or not at all, so that a run of an hour
goes on where it was cut off.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np

from Clinic2CloudLib.deface import FaceFinding, FaceMethod, find_face, replace_face
from Clinic2CloudLib.dicom.model import Volume
from Clinic2CloudLib.preview.surface import Transfer

from .heads import Head
from .surfaces import edge_jump, level_of, moved, part_around, skin_points

METHODS: tuple[FaceMethod, ...] = get_args(FaceMethod)
#: The control: so much noise, in units of tissue above air, and skin at so much of the level.
CONTROL_NOISE, CONTROL_LEVEL = 0.03, 1.35
CONTROL_HU = -450.0


@dataclass(frozen=True)
class Prepared:
    """One head in the cache.

    Attributes
    ----------
    head : Head
        Whose.
    folder : Path
        The cache.
    """

    head: Head
    folder: Path

    def load(self, what: str) -> dict[str, Any]:
        """Return what is kept of the finding (``found``) or of one method."""
        with np.load(self.folder / f"{self.head.name}.{what}.npz", allow_pickle=False) as data:
            return dict(data)

    def has(self, what: str) -> bool:
        """Say whether it is there."""
        return (self.folder / f"{self.head.name}.{what}.npz").is_file()

    def save(self, what: str, **arrays: Any) -> None:
        """Keep it, whole or not at all."""
        path = self.folder / f"{self.head.name}.{what}.npz"
        half = path.with_suffix(".part")
        with half.open("wb") as file:
            np.savez_compressed(file, **arrays)
        half.replace(path)

    @property
    def found(self) -> bool:
        """Whether there was a face to replace."""
        return self.has("found") and bool(self.load("found")["replaced"])

    def finding(self, volume: Volume) -> FaceFinding:
        """Return the finding again."""
        kept = self.load("found")
        shape = volume.stored.shape
        masks = [unpacked(kept[name], shape) for name in ("face", "ears", "brain", "head")]
        return FaceFinding(
            "found", str(kept["finder"]), *masks, confidence=1.0, frame_to_lps=kept["frame"]
        )

    def stored(self, what: str, volume: Volume) -> tuple[np.ndarray, np.ndarray]:
        """Return a method's stored values and which voxels changed."""
        kept = self.load(what)
        mask = unpacked(kept["mask"], volume.stored.shape)
        result = volume.stored.copy()
        result[mask] = kept["values"]
        return result, mask


def unpacked(bits: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return a mask from its bits."""
    return np.unpackbits(bits, count=int(np.prod(shape))).reshape(shape).astype(bool)


def prepare(
    listed: Sequence[Head], methods: Sequence[FaceMethod], folder: Path, kept: bool = False
) -> Iterator[Prepared]:
    """Bring all heads into the cache, one after the other; yield those with a face.

    With ``kept`` only those that are in the cache already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for head in listed:
        prepared = Prepared(head, folder)
        wanted = [m for m in methods if not prepared.has(m)]
        if kept and (wanted or not prepared.has("found")):
            continue
        if not prepared.has("found") or (prepared.found and wanted):
            began = time.perf_counter()
            volume = head.read()
            if not prepared.has("found"):
                _find(prepared, volume)
            if prepared.found:
                for method in wanted:
                    _replace(prepared, volume, method)
            print(f"{head.name}: {time.perf_counter() - began:.0f} s", flush=True)
        if prepared.found:
            yield prepared


def _find(prepared: Prepared, volume: Volume) -> None:
    began = time.process_time()
    finding = find_face(volume)
    seconds = time.process_time() - began
    replaced = finding.status in ("found", "uncertain") and finding.face is not None
    if not replaced or finding.frame_to_lps is None:
        prepared.save("found", replaced=False, status=finding.status, seconds=seconds)
        return
    transfer = level_of(volume)
    part = part_around(volume, finding.frame_to_lps)
    values = volume.values()
    noisy, other = control(values, finding, volume, transfer)
    masks = {name: getattr(finding, name) for name in ("face", "ears", "brain", "head")}
    prepared.save(
        "found",
        replaced=True,
        status=finding.status,
        finder=finding.finder,
        seconds=seconds,
        frame=finding.frame_to_lps,
        level=transfer.level,
        air=transfer.air,
        skin=skin_points(values, volume, part, transfer),
        control=skin_points(noisy, volume, part, other),
        **{name: np.packbits(mask) for name, mask in masks.items()},
    )


def control(
    values: np.ndarray, finding: FaceFinding, volume: Volume, transfer: Transfer
) -> tuple[np.ndarray, Transfer]:
    """Return the original with another noise, and another level of the skin."""
    assert finding.head is not None
    unit = float(np.median(values[finding.head])) - transfer.air
    random = np.random.default_rng(7)
    noise = random.normal(0.0, CONTROL_NOISE * abs(unit), values.shape).astype(np.float32)
    if transfer.level < 0:
        return values + noise, replace(transfer, level=CONTROL_HU)
    level = transfer.air + CONTROL_LEVEL * (transfer.level - transfer.air)
    return values + noise, replace(transfer, level=level)


def _replace(prepared: Prepared, volume: Volume, method: FaceMethod) -> None:
    finding = prepared.finding(volume)
    began = time.process_time()
    # What a patient's key gives in the program is here the scan's name: every head its own waves.
    result = replace_face(volume, finding, method, prepared.head.name.encode())
    seconds = time.process_time() - began
    keep(prepared, volume, method, result.stored, result.mask, seconds)


def keep(
    prepared: Prepared,
    volume: Volume,
    what: str,
    stored: np.ndarray,
    mask: np.ndarray,
    seconds: float,
) -> None:
    """Measure what a method, ours or a peer's, made of a head, and keep it with the measures.

    Parameters
    ----------
    prepared, volume
        The head.
    what : str
        Whose result it is.
    stored, mask : numpy.ndarray
        The new stored values, and where they may differ from the volume's.
    seconds : float
        Processor time it took.
    """
    finding, kept = prepared.finding(volume), prepared.load("found")
    assert finding.frame_to_lps is not None and finding.head is not None
    assert finding.face is not None and finding.ears is not None and finding.brain is not None
    transfer = Transfer(float(kept["level"]), float(kept["air"]))
    values = replace(volume, stored=stored).values()
    skin = skin_points(values, volume, part_around(volume, finding.frame_to_lps), transfer)
    face = moved(kept["skin"], skin, finding.face, volume)
    ears = moved(kept["skin"], skin, finding.ears, volume)
    changed = volume.stored != stored
    prepared.save(
        what,
        seconds=seconds,
        skin=skin,
        mask=np.packbits(mask),
        values=stored[mask],
        near=np.array([face.near if face else np.nan, ears.near if ears else np.nan]),
        edge=np.array(edge_jump(volume, finding.head, mask, stored)),
        brain=int((changed & finding.brain).sum()),
        outside=int((changed & ~mask).sum()),
    )
