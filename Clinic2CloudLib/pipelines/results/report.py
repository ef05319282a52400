"""Measurements as a DICOM structured report (TID 1500 Measurement Report)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydicom import Dataset

from ..._version import __version__
from ..inputs import Study
from .identity import MANUFACTURER, Run, mark, named
from .segmentation import code, placed_headers

_MILLILITRE = ("mL", "UCUM", "mL")
_VOLUME = ("118565006", "SCT", "Volume")
_VOXELS = ("126030", "DCM", "Sum of segmented voxel method for volume")


@dataclass(frozen=True)
class VolumeOf:
    """The volume of one structure.

    Attributes
    ----------
    name : str
        For the reader.
    kind : tuple of (value, scheme, meaning)
        The structure.
    millilitres : float
        Its volume.
    segment : int or None
        Its Segment Number, where it is outlined.
    """

    name: str
    kind: tuple[str, str, str]
    millilitres: float
    segment: int | None


def make_report(
    study: Study,
    volumes: Sequence[VolumeOf],
    remarks: Sequence[str],
    segmentation: Dataset | None,
    run: Run,
    title: str,
    series_number: int,
) -> Dataset:
    """Return a Comprehensive 3D SR after TID 1500.

    Parameters
    ----------
    study : Study
        The source.
    volumes : sequence of VolumeOf
        What was measured.
    remarks : sequence of str
        The method, limits and warnings, one sentence or two each: Comments (121106, DCM) at the
        report's root, where TID 1500 may be extended.
    segmentation : Dataset or None
        The outlines the volumes refer to; without, they refer to the source images.
    run : Run
        Names the instance.
    title : str
        The pipeline's title.
    series_number : int
        Of the new series.

    Returns
    -------
    Dataset
        An SR instance, explicit VR little endian.
    """
    from highdicom import sr

    headers = placed_headers(study, run)
    observer = sr.ObservationContext(
        observer_device_context=sr.ObserverContext(
            observer_type=code(("121007", "DCM", "Device")),
            observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
                uid=run.uid("device"),
                name=run.pipeline,
                manufacturer_name=MANUFACTURER,
                model_name=f"{run.pipeline} {run.version}",
                serial_number=__version__,
            ),
        )
    )
    groups = [_group(volume, study, headers, segmentation, run, title) for volume in volumes]
    report = sr.MeasurementReport(
        observation_context=observer,
        procedure_reported=code(("363679005", "SCT", "Imaging procedure")),
        imaging_measurements=groups,
        title=code(("126000", "DCM", "Imaging Measurement Report")),
    )
    for remark in remarks:
        report[0].ContentSequence.append(
            sr.TextContentItem(
                name=code(("121106", "DCM", "Comment")),
                value=remark,
                relationship_type=sr.RelationshipTypeValues.CONTAINS,
            )
        )
    evidence = [*headers, segmentation] if segmentation is not None else headers
    result = sr.Comprehensive3DSR(
        evidence=evidence,
        content=report[0],
        **named(run, "report", f"{title}: report", series_number),
        is_complete=True,
        is_final=False,
        is_verified=False,
    )
    result.ManufacturerModelName = run.pipeline
    result.SoftwareVersions = __version__
    result.DeviceSerialNumber = run.version
    mark(result, study.headers, run, "report")
    return result


def _group(
    volume: VolumeOf,
    study: Study,
    headers: Sequence[Dataset],
    segmentation: Dataset | None,
    run: Run,
    title: str,
) -> Any:
    """Return the measurement group of one structure: TID 1411 on a segment, else TID 1501."""
    from highdicom import sr

    measurement = sr.Measurement(
        name=code(_VOLUME),
        value=round(volume.millilitres, 1),
        unit=code(_MILLILITRE),
        method=code(_VOXELS),
        algorithm_id=sr.AlgorithmIdentification(
            name=title, version=f"{run.pipeline} {run.version}, Clinic2Cloud {__version__}"
        ),
    )
    tracking = sr.TrackingIdentifier(uid=run.uid(f"tracking/{volume.name}"), identifier=volume.name)
    if segmentation is None or volume.segment is None:
        return sr.MeasurementsAndQualitativeEvaluations(
            tracking_identifier=tracking,
            finding_type=code(volume.kind),
            measurements=[measurement],
            source_images=[
                sr.SourceImageForMeasurementGroup.from_source_image(header) for header in headers
            ],
        )
    return sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=tracking,
        referenced_segment=sr.ReferencedSegment(
            sop_class_uid=segmentation.SOPClassUID,
            sop_instance_uid=segmentation.SOPInstanceUID,
            segment_number=volume.segment,
            source_series=sr.SourceSeriesForSegmentation(
                referenced_series_instance_uid=headers[0].SeriesInstanceUID
            ),
        ),
        finding_type=code(volume.kind),
        measurements=[measurement],
    )
