"""Outlines as a DICOM Segmentation (PS3.3 A.51)."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydicom import Dataset

from ..._version import __version__
from ...errors import InputError
from ..inputs import Study
from .identity import MANUFACTURER, Run, mark, named


@dataclass(frozen=True)
class Segment:
    """One outlined structure.

    Attributes
    ----------
    label : str
        For the reader.
    mask : numpy.ndarray
        Boolean, shape (K, J, I) of the study's volume.
    category, kind : tuple of (value, scheme, meaning)
        Segmented property category (CID 7150) and type (CID 7151).
    color : tuple of int
        Recommended display colour, sRGB.
    """

    label: str
    mask: np.ndarray
    category: tuple[str, str, str]
    kind: tuple[str, str, str]
    color: tuple[int, int, int]


def code(triple: tuple[str, str, str]) -> Any:
    """Return a coded concept of (value, scheme, meaning)."""
    from highdicom.sr import CodedConcept

    return CodedConcept(*triple)


def algorithm(run: Run, title: str) -> Any:
    """Return who did it: the pipeline, its version and options."""
    from highdicom import AlgorithmIdentificationSequence

    return AlgorithmIdentificationSequence(
        name=title,
        family=code(("113076", "DCM", "Segmentation")),
        version=f"{run.pipeline} {run.version}, Clinic2Cloud {__version__}",
        source=MANUFACTURER,
    )


def placed_headers(study: Study, run: Run) -> list[Dataset]:
    """Return the source headers as highdicom wants them: with a frame of reference.

    Old images have none; theirs is then derived from the run, so that segmentation and report
    agree with each other.
    """
    if all(header.get("FrameOfReferenceUID") for header in study.headers):
        return list(study.headers)
    headers = [deepcopy(header) for header in study.headers]
    for header in headers:
        header.FrameOfReferenceUID = run.uid("frame of reference")
        header.PositionReferenceIndicator = header.get("PositionReferenceIndicator", "")
    return headers


def make_segmentation(
    study: Study, segments: Sequence[Segment], run: Run, title: str, series_number: int
) -> Dataset:
    """Return a binary segmentation that lies exactly on the source images.

    Parameters
    ----------
    study : Study
        The source.
    segments : sequence of Segment
        In the order of their Segment Numbers, from 1; empty slices are left out.
    run : Run
        Names the instance.
    title : str
        The pipeline's title.
    series_number : int
        Of the new series.

    Returns
    -------
    Dataset
        A SEG instance, explicit VR little endian.

    Raises
    ------
    InputError
        When the volume is spread over several enhanced instances.
    """
    from highdicom.color import CIELabColor
    from highdicom.seg import (
        SegmentAlgorithmTypeValues,
        Segmentation,
        SegmentationTypeValues,
        SegmentDescription,
    )

    headers = placed_headers(study, run)
    shape = (int(headers[0].Rows), int(headers[0].Columns))
    enhanced = "NumberOfFrames" in headers[0]
    if enhanced and len(headers) > 1:
        raise InputError("the volume is spread over several enhanced multi-frame instances")
    count = int(headers[0].NumberOfFrames) if enhanced else len(headers)
    pixels = np.zeros((count, *shape, len(segments)), np.uint8)
    for k, (header, frame) in enumerate(study.frames):
        for number, segment in enumerate(segments):
            pixels[frame if enhanced else header, :, :, number] = segment.mask[k]
    descriptions = [
        SegmentDescription(
            segment_number=number,
            segment_label=segment.label,
            segmented_property_category=code(segment.category),
            segmented_property_type=code(segment.kind),
            algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
            algorithm_identification=algorithm(run, title),
            tracking_uid=run.uid(f"tracking/{segment.label}"),
            tracking_id=segment.label,
            display_color=CIELabColor.from_rgb(*segment.color),
        )
        for number, segment in enumerate(segments, 1)
    ]
    result = Segmentation(
        source_images=headers,
        pixel_array=pixels,
        segmentation_type=SegmentationTypeValues.BINARY,
        segment_descriptions=descriptions,
        **named(run, "segmentation", f"{title}: outlines", series_number),
        manufacturer_model_name=run.pipeline,
        software_versions=__version__,
        device_serial_number=run.version,
        content_description=title,
        content_label="SEGMENTATION",
    )
    mark(result, study.headers, run, "segmentation")
    return result
