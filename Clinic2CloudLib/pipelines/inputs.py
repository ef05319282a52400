"""What a pipeline is given: de-identified files, read as one volume and its headers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

from pydicom import Dataset

from ..dicom.model import Series, SetAside, SourceFile, Volume
from ..errors import InputError
from ..progress import Progress, part


@dataclass(frozen=True)
class Study:
    """The images a pipeline works on.

    Attributes
    ----------
    volume : Volume
        The largest volume of the input.
    headers : tuple of Dataset
        Headers, without pixels, of the instances the volume is made of, in the order in which its
        slices first use them.
    frames : tuple of (int, int)
        For each slice of the volume: index into ``headers`` and frame from 0.
    uids : tuple of str
        SOP Instance UIDs of all input images, sorted.
    remarks : tuple of str
        What a reader of the results should know about the input.
    """

    volume: Volume
    headers: tuple[Dataset, ...]
    frames: tuple[tuple[int, int], ...]
    uids: tuple[str, ...]
    remarks: tuple[str, ...]


def read_study(
    inputs: Sequence[Path], modalities: Sequence[str], progress: Progress | None = None
) -> Study:
    """Read a pipeline's input.

    Parameters
    ----------
    inputs : sequence of Path
        DICOM files, in any order.
    modalities : sequence of str
        What the pipeline can work on.
    progress : Progress, optional
        Told how far it is; may raise ``Cancelled``.

    Returns
    -------
    Study
        The largest volume and its headers.

    Raises
    ------
    InputError
        When a file is missing, there is no volume of these modalities, the images are of several
        studies, or they are not marked as de-identified (Patient Identity Removed, (0012,0062)).
    """
    from ..dicom.series import find_series
    from ..dicom.source import Source
    from ..dicom.volume import read_volumes

    def walk(aside: list[SetAside]) -> Iterator[SourceFile]:
        for path in inputs:
            yield SourceFile(path.name, path.read_bytes)

    try:
        listing = find_series(Source("inputs", walk), part(progress, 0.0, 0.4))
    except OSError as error:
        raise InputError(f"cannot read the images: {error.strerror or error}") from error
    wanted = [in_order(s) for s in listing.series if s.modality in modalities]
    if not wanted:
        raise InputError(f"there is no {' or '.join(modalities)} image among the input")
    if len({series.study_uid for series in wanted}) > 1:
        raise InputError("the images are of more than one study")
    found: list[tuple[Series, Volume]] = []
    for number, series in enumerate(wanted):
        share = (0.4 + 0.6 * number / len(wanted), 0.4 + 0.6 * (number + 1) / len(wanted))
        reading = read_volumes(series, part(progress, *share))
        found += [(series, volume) for volume in reading.volumes]
    if not found:
        raise InputError("the images do not form a volume: no evenly spaced stack of slices")
    series, volume = max(found, key=lambda pair: (pair[1].stored.size, pair[0].uid))
    headers, frames = read_headers(series, volume)
    remarks = []
    if len(found) > 1:
        remarks.append(f"The input holds {len(found)} volumes; only the largest one was measured.")
    if listing.set_aside:
        remarks.append(f"{len(listing.set_aside)} input files could not be used.")
    uids = sorted(i.sop_instance_uid for s in listing.series for i in s.instances)
    return Study(volume, headers, frames, tuple(uids), tuple(remarks))


def in_order(series: Series) -> Series:
    """Return a series with its instances in an order that does not depend on file names."""
    ordered = sorted(series.instances, key=lambda instance: instance.sop_instance_uid)
    return replace(series, instances=tuple(ordered))


def read_headers(
    series: Series, volume: Volume
) -> tuple[tuple[Dataset, ...], tuple[tuple[int, int], ...]]:
    """Return the headers behind a volume and, for each slice, which header and frame it is."""
    from pydicom import dcmread

    place: dict[int, int] = {}
    headers: list[Dataset] = []
    frames = []
    for source in volume.slices:
        if source.instance not in place:
            place[source.instance] = len(headers)
            raw = series.instances[source.instance].file.read()
            header = dcmread(BytesIO(raw), stop_before_pixels=True)
            if header.get("PatientIdentityRemoved") != "YES":
                raise InputError("the images are not marked as de-identified (0012,0062)")
            headers.append(header)
        frames.append((place[source.instance], source.frame))
    return tuple(headers), tuple(frames)
