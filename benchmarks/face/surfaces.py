"""How far the new skin lies from the old, what the border shows, what registration feels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from Clinic2CloudLib.deface import FaceFinding, FaceReplacement
from Clinic2CloudLib.deface.grid import image_of, mapped
from Clinic2CloudLib.dicom.model import Volume
from Clinic2CloudLib.preview.render import surface_points
from Clinic2CloudLib.preview.surface import (
    Resampled,
    Transfer,
    resample,
    skin_surface,
    skin_transfer,
)

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
#: Skin counts as unmoved within this, mm.
NEAR_MM = 2.0
#: Radius of the ball that feels from outside what is outer skin: a nostril keeps it out, mm.
BALL_MM = 3.0


@dataclass(frozen=True)
class Moved:
    """How the skin over one region moved."""

    points: int
    median_mm: float
    near: float


def skin_points(values: np.ndarray, volume: Volume, transfer: Transfer) -> np.ndarray:
    """Return the points of the outer skin in LPS, mm, shape (n, 3).

    Outer is what open air can reach: the walls of nose, sinuses and ear canals are nobody's looks.
    """
    cubic = resample(values, volume.ijk_to_ras)
    index = surface_points(skin_surface(cubic, transfer), np.eye(4))
    index = index[near_open_air(cubic, transfer, index)]
    return mapped(LPS_TO_RAS @ cubic.ijk_to_ras, index)


def near_open_air(cubic: Resampled, transfer: Transfer, index: np.ndarray) -> np.ndarray:
    """Say which points, in (i, j, k), lie next to air that a ball reaches from outside the head."""
    from scipy import ndimage

    spacing = np.linalg.norm(cubic.ijk_to_ras[:3, :3], axis=0)[::-1]
    pad = np.ceil(2.0 * BALL_MM / spacing).astype(int)
    body = np.pad(cubic.values > transfer.level, [(int(p), int(p)) for p in pad])
    away = ndimage.distance_transform_edt(~body, sampling=spacing)
    parts, _ = ndimage.label(away > BALL_MM)
    outside = parts == parts[0, 0, 0]
    off_air = ndimage.distance_transform_edt(~outside, sampling=spacing)
    at = np.rint(index[:, ::-1] + pad).astype(int)
    return np.asarray(off_air[tuple(at.T)] <= BALL_MM + NEAR_MM)


def moved(
    volume: Volume, finding: FaceFinding, replaced: FaceReplacement
) -> dict[str, Moved | None]:
    """Measure how far old skin lies from the nearest new skin, over the face and over the ears."""
    from scipy.spatial import cKDTree

    before = volume.values()
    after = values_of(volume, replaced.stored)
    transfer = skin_transfer(resample(before, volume.ijk_to_ras).values, volume.modality)
    old, new = (skin_points(v, volume, transfer) for v in (before, after))
    result: dict[str, Moved | None] = {}
    for name, mask in (("face", finding.face), ("ears", finding.ears)):
        assert mask is not None
        own = old[within(old, mask, volume)]
        if len(own) < 50:
            result[name] = None
            continue
        away = cKDTree(new).query(own)[0]
        result[name] = Moved(len(own), float(np.median(away)), float((away <= NEAR_MM).mean()))
    return result


def within(points: np.ndarray, mask: np.ndarray, volume: Volume) -> np.ndarray:
    """Say which LPS points lie in a mask or next to it, and not where the scan itself ends."""
    from scipy import ndimage

    grown = ndimage.binary_dilation(mask, iterations=1)
    back = np.linalg.inv(volume.ijk_to_lps)
    index = np.rint(points @ back[:3, :3].T + back[:3, 3]).astype(int)
    size = np.array(mask.shape[::-1])
    inner = ((index > 0) & (index < size - 1)).all(1)
    i, j, k = np.clip(index, 0, size - 1).T
    return np.asarray(grown[k, j, i] & inner)


def values_of(volume: Volume, stored: np.ndarray) -> np.ndarray:
    """Return modality values of other stored values, with the volume's rescale."""
    import dataclasses

    return dataclasses.replace(volume, stored=stored).values()


def edge_jump(
    volume: Volume, finding: FaceFinding, replaced: FaceReplacement
) -> tuple[float, float]:
    """Return the mean step across the border of what changed, before and after, inside the head.

    In units of the head's median level above air: neighbours of which one changed and the other
    did not, both tissue in the original.
    """
    assert finding.head is not None
    before, after = volume.values(), values_of(volume, replaced.stored)
    air = float(np.median(before[~finding.head])) if (~finding.head).any() else float(before.min())
    unit = float(np.median(before[finding.head])) - air
    tissue = finding.head & (before > air + 0.25 * unit)
    steps: list[list[np.ndarray]] = [[], []]
    for axis in range(3):
        one = [slice(None)] * 3
        other = [slice(None)] * 3
        one[axis], other[axis] = slice(None, -1), slice(1, None)
        a, b = tuple(one), tuple(other)
        border = (replaced.mask[a] ^ replaced.mask[b]) & tissue[a] & tissue[b]
        for number, values in enumerate((before, after)):
            steps[number].append(np.abs(values[a] - values[b])[border])
    first, second = (float(np.concatenate(s).mean()) / unit for s in steps)
    return first, second


def brain_shift(template: Any, volume: Volume, stored: np.ndarray, brain: np.ndarray) -> float:
    """Return by how much a template's affine moves over the brain between two versions, mm.

    Parameters
    ----------
    template : SimpleITK.Image
        What both are registered to.
    volume : Volume
        The original.
    stored : numpy.ndarray
        The other version's stored values.
    brain : numpy.ndarray
        Boolean, (K, J, I): where it is measured.
    """
    places = np.argwhere(brain)[::997, ::-1]
    lps = places @ volume.ijk_to_lps[:3, :3].T + volume.ijk_to_lps[:3, 3]
    ends = []
    for own in (volume.stored, stored):
        transform = register(template, image_of(values_of(volume, own), volume.ijk_to_lps))
        ends.append(np.array([transform.TransformPoint(p.tolist()) for p in lps]))
    return float(np.linalg.norm(ends[0] - ends[1], axis=1).mean())


def register(template: Any, image: Any) -> Any:
    """Register affinely by mutual information; return the map from image to template."""
    import SimpleITK as sitk

    fixed = sitk.Cast(sitk.SmoothingRecursiveGaussian(image, 1.5), sitk.sitkFloat32)
    start = sitk.CenteredTransformInitializer(
        fixed, template, sitk.AffineTransform(3), sitk.CenteredTransformInitializerFilter.MOMENTS
    )
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(32)
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricSamplingPercentage(0.1)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(1.0, 1e-4, 200, 0.6)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([4, 2])
    method.SetSmoothingSigmasPerLevel([2, 1])
    method.SetInitialTransform(start, inPlace=False)
    return method.Execute(fixed, template)
