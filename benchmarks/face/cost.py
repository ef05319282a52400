"""What a replaced face costs the image: where registration puts the brain, and its volumes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from Clinic2CloudLib.deface.atlas import head_atlas
from Clinic2CloudLib.deface.grid import image_of, mapped
from Clinic2CloudLib.dicom.model import Volume
from Clinic2CloudLib.errors import Clinic2CloudError
from Clinic2CloudLib.pipelines.brain.segment import segment_brain
from Clinic2CloudLib.progress import silent

from . import peers
from .prepared import Prepared
from .surfaces import values_of

#: The template's levels, T1-like and CT-like: any will do for mutual information.
TISSUES = ("csf", "gray", "white", "soft", "bone", "skin", "eye")
LEVELS = {
    "MR": (150, 450, 620, 400, 250, 500, 120),
    "CT": (1010, 1040, 1030, 1050, 1700, 1000, 1010),
}
#: Share of voxels that registration looks at: with a tenth a repeat moved the brain by 0.3 mm, with
#: this by 0.03 to 0.1 on upright T1 scans.
SAMPLES = 0.3
#: Noise of the repeat that says how far registration moves by itself, of tissue above air.
REPEAT_NOISE = 0.01
ORIGINAL, REPEAT = "original", "repeat"


def template(modality: str) -> Any:
    """Return an average head as an image.

    For MR pydeface's, where the peers' environment is there: an average of scans, upon which
    registration repeats itself better. Else the head atlas's tissues at a level each.
    """
    if modality == "MR" and "pydeface" in peers.present():
        import SimpleITK as sitk

        return sitk.ReadImage(str(peers.pydeface_data()[0]), sitk.sitkFloat32)
    atlas = head_atlas()
    levels = zip(TISSUES, LEVELS[modality], strict=True)
    values = sum(level * atlas.averages[name] for name, level in levels)
    return atlas.grid.image(np.asarray(values, np.float32))


def version(prepared: Prepared, name: str, volume: Volume) -> np.ndarray:
    """Return the stored values of the original, of its repeat with noise, or of a method."""
    if name == ORIGINAL:
        return volume.stored
    if name != REPEAT:
        return prepared.stored(name, volume)[0]
    head = prepared.finding(volume).head
    assert head is not None
    unit = float(np.median(volume.stored[head]) - np.median(volume.stored[~head]))
    noise = np.random.default_rng(3).normal(0.0, REPEAT_NOISE * unit, volume.stored.shape)
    kind = np.iinfo(volume.stored.dtype)
    return np.clip(np.rint(volume.stored + noise), kind.min, kind.max).astype(volume.stored.dtype)


def shift(prepared: Prepared, name: str) -> float:
    """Return by how much a version moves the brain in the template's space, mm on average."""
    own, first = (_places(prepared, which) for which in (name, ORIGINAL))
    return float(np.linalg.norm(own - first, axis=1).mean())


def _places(prepared: Prepared, name: str) -> np.ndarray:
    """Return where points of the brain lie in the template's space, mm."""
    what = f"registered-{name}"
    if not prepared.has(what):
        volume = prepared.head.read()
        brain = prepared.finding(volume).brain
        points = mapped(volume.ijk_to_lps, np.argwhere(brain)[::997, ::-1].astype(float))
        values = values_of(volume, version(prepared, name, volume)).astype(np.float32)
        if volume.modality == "CT":
            values = np.clip(values, -1000.0, 1000.0)
        transform = register(template(volume.modality), image_of(values, volume.ijk_to_lps))
        places = [transform.TransformPoint(point.tolist()) for point in points]
        prepared.save(what, places=np.array(places))
    return np.asarray(prepared.load(what)["places"])


def register(moving: Any, image: Any) -> Any:
    """Register affinely by mutual information; return the map from image to template."""
    import SimpleITK as sitk

    fixed = sitk.Cast(sitk.SmoothingRecursiveGaussian(image, 1.5), sitk.sitkFloat32)
    start = sitk.CenteredTransformInitializer(
        fixed, moving, sitk.AffineTransform(3), sitk.CenteredTransformInitializerFilter.MOMENTS
    )
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(32)
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricSamplingPercentage(SAMPLES)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(1.0, 1e-5, 500, 0.7)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([4, 2])
    method.SetSmoothingSigmasPerLevel([2, 1])
    method.SetInitialTransform(start, inPlace=False)
    return method.Execute(fixed, moving)


def brain_volumes(prepared: Prepared, name: str) -> dict[str, float] | None:
    """Return brain and intracranial volume of a version in mL; None where the tool declines."""
    what = f"volumes-{name}"
    if not prepared.has(what):
        volume = prepared.head.read()
        try:
            stored = version(prepared, name, volume)
            masks = segment_brain(replace(volume, stored=stored), silent).masks
            voxel = float(np.prod(volume.spacing)) / 1000.0
            sizes = {"brain": masks.brain.sum() * voxel, "cavity": masks.cavity.sum() * voxel}
        except Clinic2CloudError:
            sizes = {}
        prepared.save(what, **sizes)
    kept = prepared.load(what)
    return {key: float(value) for key, value in kept.items()} or None


def volume_change(prepared: Prepared, name: str) -> float | None:
    """Return the change of the brain's volume, %; None where the tool declines either."""
    own, first = brain_volumes(prepared, name), brain_volumes(prepared, ORIGINAL)
    if own is None or first is None:
        return None
    return 100.0 * abs(own["brain"] - first["brain"]) / first["brain"]
