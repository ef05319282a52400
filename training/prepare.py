"""Make what the network is trained on ready once: label maps with the rule applied, and real scans.

    python training/prepare.py ../shared/data build/training

Writes one ``.npz`` a head. A label map gives, at 1.25 mm, tissue, outline, depth, ears and brain
of every voxel. A real scan has no label map: its outline, ears and brain are the classical finder,s
in the frame of the registered average head, the brain without the safety margin. Scans in which
the classical finder is not certain are left out, and said so.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import labels
import numpy as np
from labels import FAT, MARROW, LabelHead, class_map, frame_to_lps, read_head, train_heads
from scans import nifti_volume

from Clinic2CloudLib.deface import find_face
from Clinic2CloudLib.deface.brain import MARGIN_MM
from Clinic2CloudLib.deface.grid import covering_grid, image_of, resample
from Clinic2CloudLib.deface.region import depth_below, erode
from Clinic2CloudLib.deface.scan import working_values

#: What a voxel of ``parts`` may be, as bits.
OUTLINE, BODY, EARS, BRAIN, EYES, BRAINSTEM = 1, 2, 4, 8, 16, 32
#: Depth below the skin is stored in tenths of a millimetre, up to 25.5 mm.
DEPTH_STEP = 0.1
#: Tissue numbers beyond those of :func:`labels.class_map`.
FATTY = 8
LABEL_MM, SCAN_MM = 1.25, 2.0


def parts_of(**masks: np.ndarray) -> np.ndarray:
    """Return masks, named as the bits are, as the bits of one uint8."""
    bits = (mask * np.uint8(globals()[name.upper()]) for name, mask in masks.items())
    return np.bitwise_or.reduce(list(bits))


def stored_depth(outline: np.ndarray, spacing: float) -> np.ndarray:
    """Return the depth below the outline, uint8, in :data:`DEPTH_STEP`."""
    return np.clip(depth_below(outline, spacing) / DEPTH_STEP, 0, 255).astype(np.uint8)


def tissues(head: LabelHead) -> np.ndarray:
    """Return the tissue of every voxel, uint8: class_map's numbers, fat and marrow apart."""
    tissue = class_map(head.labels)
    tissue[np.isin(head.labels, (FAT, MARROW))] = FATTY
    return tissue


def prepare_labels(path: Path, out: Path) -> None:
    """Write one label map's tissues and regions with what the rule needs."""
    head = read_head(path, LABEL_MM)
    np.savez(
        out / f"labels_{head.name}.npz",
        tissue=tissues(head),
        parts=parts_of(
            outline=head.outline,
            body=head.body,
            ears=head.ears,
            brain=head.brain,
            eyes=head.labels == labels.EYE,
            brainstem=head.labels == labels.BRAINSTEM,
        ),
        depth=stored_depth(head.outline, head.grid.spacing),
        origin=head.grid.origin,
        spacing=head.grid.spacing,
        frame_to_lps=frame_to_lps(head),
    )


def prepare_scan(path: Path, modality: str, out: Path) -> None:
    """Write one real scan at 2 mm with the classical finder's regions."""
    volume = nifti_volume(path, modality)
    affine = volume.ijk_to_lps
    finding = find_face(volume)
    name = path.name.split(".")[0]
    if finding.status != "found" or finding.face is None or finding.frame_to_lps is None:
        print(f"{name}: left out, {finding.status}: {' '.join(finding.reasons)}", flush=True)
        return
    grid = covering_grid(volume.stored.shape, affine, SCAN_MM)
    like = grid.image(np.zeros(grid.shape, np.uint8))

    def sampled(mask: np.ndarray) -> np.ndarray:
        return resample(image_of(mask.astype(np.float32), affine), like) > 0.5

    head = sampled(finding.head)
    brain = erode(sampled(finding.brain), MARGIN_MM, grid.spacing)
    values = resample(
        image_of(working_values(volume), affine), like, outside=float(volume.stored.min())
    )
    inside = (
        resample(image_of(np.ones(volume.stored.shape, np.uint8), affine), like, nearest=True) > 0
    )
    np.savez(
        out / f"{modality.lower()}_{name}.npz",
        values=values.astype(np.float32),
        inside=inside,
        parts=parts_of(outline=head, body=head, ears=sampled(finding.ears), brain=brain),
        depth=stored_depth(head | ~inside, grid.spacing),
        origin=grid.origin,
        spacing=grid.spacing,
        frame_to_lps=finding.frame_to_lps,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", choices=("labels", "ct", "mr"), action="append")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    kinds = options.only or ("labels", "ct", "mr")
    for path in train_heads(options.data) if "labels" in kinds else ():
        prepare_labels(path, options.out)
        print(path.name, flush=True)
    for kind in sorted(set(kinds) - {"labels"}):
        for path in sorted((options.data / "heads" / "train" / kind).glob("*.nii.gz")):
            prepare_scan(path, kind.upper(), options.out)
            print(path.name, flush=True)


if __name__ == "__main__":
    main()
