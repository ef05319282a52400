"""Volumes for the tests of this room."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from Clinic2CloudLib.deface import AtlasFinder, FaceFinding
from Clinic2CloudLib.demo.head import make_head
from Clinic2CloudLib.dicom.model import SliceSource, Volume
from Testing.nifti import read_nifti

FLIP = np.diag([-1.0, -1.0, 1.0, 1.0])


def volume_of(
    stored: np.ndarray,
    ijk_to_lps: np.ndarray,
    modality: str,
    slope: float = 1.0,
    intercept: float = 0.0,
) -> Volume:
    slices = tuple(SliceSource(k, 0, slope, intercept) for k in range(stored.shape[0]))
    return Volume(stored, ijk_to_lps, slices, modality)


@cache
def made_head(modality: str, seed: int = 0, face: bool = True) -> tuple[Volume, np.ndarray]:
    """The demo's synthetic head and its true brain."""
    head = make_head(size="small", modality=modality, seed=seed, face=face)
    return volume_of(head.stored, FLIP @ head.ijk_to_ras, modality), head.brain


@cache
def found(modality: str) -> tuple[Volume, np.ndarray, FaceFinding]:
    """The made head, its true brain, and what the classical finder says; once for all tests.

    What is done with a finding is tested alike whether torch is installed or not.
    """
    volume, brain = made_head(modality)
    return volume, brain, AtlasFinder().find(volume)


def read_series(folder: Path) -> Volume:
    from Clinic2CloudLib.dicom.series import find_series
    from Clinic2CloudLib.dicom.source import open_source
    from Clinic2CloudLib.dicom.volume import read_volumes

    with open_source(folder) as source:
        return read_volumes(find_series(source).series[0]).volumes[0]


def read_scan(path: Path, modality: str) -> Volume:
    return volume_of(*read_nifti(path), modality)
