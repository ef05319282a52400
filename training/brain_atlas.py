"""Make the tissue atlas of the brain-volumetry pipeline from whole-head label maps.

    python training/brain_atlas.py LABELS_FOLDER Clinic2CloudLib/pipelines/brain/atlas.npz

Each label map is aligned to the growing average (affine, then diffeomorphic demons on a picture of
its tissue classes), and the classes are averaged: probabilities of air, CSF, grey matter, white
matter, bone and other soft tissue, at 2 mm, around the skull cavity. Only an average of all heads
is stored. The same label maps give the same atlas.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import SimpleITK as sitk

CLASSES = ("air", "csf", "grey", "white", "bone", "soft")
LABELS = {
    "csf": (4, 5, 14, 15, 24, 25, 30, 43, 44, 57, 62, 72, 136, 137, 163, 164),
    "grey": (3, 8, 10, 11, 12, 13, 17, 18, 26, 42, 47, 49, 50, 51, 52, 53, 54, 58),
    "white": (2, 7, 16, 28, 41, 46, 60, 85),
    "bone": (515, 516),
    "soft": (502, 506, 507, 508, 509, 511, 512, 514, 530),
}
SPACING_MM = 2.0
MARGIN_MM = 24.0


def class_images(path: Path) -> list[sitk.Image]:
    """Probability images of the six classes, axes RAS, 2 mm, smoothed over one voxel."""
    labels = sitk.DICOMOrient(sitk.ReadImage(str(path)), "LPS")
    array = np.rint(sitk.GetArrayFromImage(labels)).astype(np.int32)
    lookup = np.zeros(1024, np.uint8)
    for number, name in enumerate(CLASSES):
        for label in LABELS.get(name, ()):
            lookup[label] = number
    classes = lookup[array]
    # The skull cavity ends where the cerebellum does: what is below is the spinal canal.
    lowest = np.nonzero(np.isin(array, (7, 8, 46, 47)).any(axis=(1, 2)))[0][0]
    below = classes[: lowest - 3]
    below[np.isin(below, (1, 2, 3))] = CLASSES.index("soft")
    images = []
    for number in range(len(CLASSES)):
        image = sitk.GetImageFromArray((classes == number).astype(np.float32))
        image.CopyInformation(labels)
        image = sitk.SmoothingRecursiveGaussian(image, 0.8)
        size = [
            int(n * s / SPACING_MM)
            for n, s in zip(labels.GetSize(), labels.GetSpacing(), strict=True)
        ]
        images.append(
            sitk.Resample(
                image, size, sitk.Transform(), sitk.sitkLinear, labels.GetOrigin(),
                [SPACING_MM] * 3, labels.GetDirection(), 0.0,
            )
        )  # fmt: skip
    return images


def picture(images: list[sitk.Image]) -> sitk.Image:
    """One scalar image that tells the classes apart, for the alignment."""
    weights = {"csf": 1.0, "grey": 2.0, "white": 3.0, "bone": 0.3, "soft": 0.6}
    total = images[0] * 0.0
    for name, weight in weights.items():
        total = total + images[CLASSES.index(name)] * weight
    return total


def cavity(images: list[sitk.Image]) -> np.ndarray:
    return sum(sitk.GetArrayFromImage(images[CLASSES.index(n)]) for n in ("csf", "grey", "white"))


def around_brain(images: list[sitk.Image]) -> sitk.Image:
    """A grid around the grey and white matter of one head: the first reference."""
    tissue = sum(sitk.GetArrayFromImage(images[i]) for i in (2, 3)) > 0.5
    bounds = [np.nonzero(tissue.any(axis=tuple({0, 1, 2} - {a})))[0] for a in (2, 1, 0)]
    low = [max(0, int(b[0] - MARGIN_MM / SPACING_MM)) for b in bounds]
    high = [int(b[-1] + MARGIN_MM / SPACING_MM) for b in bounds]
    return sitk.RegionOfInterest(images[0], [h - w for w, h in zip(low, high, strict=True)], low)


def affine(fixed: sitk.Image, moving: sitk.Image) -> sitk.Transform:
    start = sitk.CenteredTransformInitializer(
        fixed, moving, sitk.AffineTransform(3), sitk.CenteredTransformInitializerFilter.MOMENTS
    )
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMeanSquares()
    method.SetInterpolator(sitk.sitkLinear)
    method.SetShrinkFactorsPerLevel([4, 2])
    method.SetSmoothingSigmasPerLevel([3, 2])
    method.SetOptimizerAsRegularStepGradientDescent(1.0, 0.005, 120, 0.6)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetInitialTransform(start, inPlace=False)
    return method.Execute(fixed, moving)


def main() -> None:
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    heads = [class_images(path) for path in sorted(Path(sys.argv[1]).glob("*.nii.gz"))]
    grid = around_brain(heads[1])
    average = sitk.Resample(picture(heads[1]), grid)
    for turn in range(3):
        total = np.zeros((len(CLASSES), *sitk.GetArrayViewFromImage(grid).shape))
        weight = np.zeros(total.shape[1:])
        fields = np.zeros((*total.shape[1:], 3))
        for head in heads:
            moving = picture(head)
            transform = affine(average, moving)
            if turn:
                demons = sitk.FastSymmetricForcesDemonsRegistrationFilter()
                demons.SetNumberOfIterations(30)
                demons.SetStandardDeviations(2.0)
                near = sitk.Resample(moving, grid, transform, sitk.sitkLinear, 0.0)
                field = demons.Execute(sitk.SmoothingRecursiveGaussian(average, 2.0),
                                       sitk.SmoothingRecursiveGaussian(near, 2.0))  # fmt: skip
                fields += sitk.GetArrayFromImage(field)
                transform = sitk.CompositeTransform(
                    [
                        transform,
                        sitk.DisplacementFieldTransform(sitk.Cast(field, sitk.sitkVectorFloat64)),
                    ]
                )
            inside = sitk.GetArrayFromImage(
                sitk.Resample(moving * 0.0 + 1.0, grid, transform, sitk.sitkLinear, 0.0)
            )
            for number, image in enumerate(head):
                value = sitk.Resample(image, grid, transform, sitk.sitkLinear, 0.0)
                total[number] += sitk.GetArrayFromImage(value) * inside
            weight += inside
        total /= np.maximum(weight, 1e-3)
        total[0] += np.clip(1 - total.sum(0), 0, 1)
        total /= total.sum(0)
        images = []
        for number in range(len(CLASSES)):
            image = sitk.GetImageFromArray(total[number].astype(np.float32))
            image.CopyInformation(grid)
            images.append(image)
        average = picture(images)
        icv = total[1:4].sum((0, 1, 2, 3)) * SPACING_MM**3 / 1000
        print(
            "turn",
            turn,
            "mean displacement",
            np.abs(fields).mean() / len(heads),
            "ICV",
            icv,
            flush=True,
        )
    direction = np.reshape(grid.GetDirection(), (3, 3))
    matrix = np.eye(4)
    matrix[:3, :3] = direction * SPACING_MM
    matrix[:3, 3] = grid.GetOrigin()
    # Steps of 1/32 are finer than sixteen heads can tell, and compress to half.
    stored = np.clip(np.rint(total * 255 / 8) * 8, 0, 255).astype(np.uint8)
    np.savez_compressed(sys.argv[2], probabilities=stored, ijk_to_lps=matrix, classes=CLASSES)
    print(stored.shape, Path(sys.argv[2]).stat().st_size)


if __name__ == "__main__":
    main()
