"""What makes a result belong to its study: UIDs, patient, dates, de-identification.

Nothing here reads a clock or draws a random number: the same images, pipeline version and options
give the same instances, so that a repeated job replaces nothing and adds nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from pydicom import Dataset
from pydicom.uid import UID

from ..._version import __version__

MANUFACTURER = "Clinic2Cloud"
#: When the source, de-identified, carries no date at all: a date nobody takes for a real one.
NO_DATE, NO_TIME = "19000101", "000000"

#: What the results take over from the source about its de-identification (PS3.15 Annex E).
DEIDENTIFICATION = (
    "PatientIdentityRemoved",
    "DeidentificationMethod",
    "DeidentificationMethodCodeSequence",
    "LongitudinalTemporalInformationModified",
    "BurnedInAnnotation",
    "RecognizableVisualFeatures",
)


@dataclass(frozen=True)
class Run:
    """One run of a pipeline, as far as it names the results.

    Attributes
    ----------
    pipeline, version : str
        Which pipeline.
    options : mapping
        Its options, complete.
    inputs : tuple of str
        SOP Instance UIDs of all input images, sorted.
    """

    pipeline: str
    version: str
    options: Mapping[str, object]
    inputs: tuple[str, ...]

    def uid(self, role: str) -> str:
        """Return the UID of one thing this run makes.

        Parameters
        ----------
        role : str
            What it is, for instance ``segmentation/series``.

        Returns
        -------
        str
            ``2.25.`` and the first 122 random-looking bits of a SHA-256 as a UUID (PS3.5 B.2).
        """
        options = "\n".join(f"{name}={self.options[name]}" for name in sorted(self.options))
        text = "\0".join((role, self.pipeline, self.version, options, *self.inputs))
        digest = bytearray(hashlib.sha256(text.encode()).digest()[:16])
        digest[6] = digest[6] & 0x0F | 0x80  # version 8: bits of the maker's own choosing
        digest[8] = digest[8] & 0x3F | 0x80
        return UID(f"2.25.{int.from_bytes(digest, 'big')}")


def run_of(
    pipeline: str, version: str, options: Mapping[str, object], inputs: Iterable[str]
) -> Run:
    """Return a run with its inputs in the one order that all machines agree on."""
    return Run(pipeline, version, dict(options), tuple(sorted(set(inputs))))


def named(run: Run, role: str, title: str, series_number: int) -> dict[str, Any]:
    """Return what highdicom takes by the same names for each result of a run.

    Parameters
    ----------
    run : Run
        The run that makes it.
    role : str
        ``segmentation`` or ``report``.
    title : str
        Series Description.
    series_number : int
        Of the new series, of which the result is the only instance.
    """
    return {
        "series_instance_uid": run.uid(f"{role}/series"),
        "series_number": series_number,
        "series_description": title,
        "sop_instance_uid": run.uid(f"{role}/instance"),
        "instance_number": 1,
        "manufacturer": MANUFACTURER,
    }


def source_date_time(sources: Sequence[Dataset]) -> tuple[str, str]:
    """Return the date and time of the images (DA, TM): the results' own, in place of a clock's."""
    for keywords in (
        ("ContentDate", "ContentTime"),
        ("AcquisitionDate", "AcquisitionTime"),
        ("SeriesDate", "SeriesTime"),
        ("StudyDate", "StudyTime"),
    ):
        found = sorted(
            (str(source.get(keywords[0]) or ""), str(source.get(keywords[1]) or NO_TIME))
            for source in sources
            if len(str(source.get(keywords[0]) or "")) == 8
        )
        if found:
            return found[-1]
    return NO_DATE, NO_TIME


def mark(result: Dataset, sources: Sequence[Dataset], run: Run, role: str) -> None:
    """Give a result the source's date and de-identification, and take every clock out of it.

    Parameters
    ----------
    result : Dataset
        A SEG or SR made by highdicom; changed in place.
    sources : sequence of Dataset
        The images it was made from.
    run : Run
        The run that made it.
    role : str
        ``segmentation`` or ``report``.
    """
    date, time = source_date_time(sources)
    result.ContentDate, result.ContentTime = date, time
    result.InstanceCreationDate, result.InstanceCreationTime = date, time
    result.SeriesDate, result.SeriesTime = date, time
    for equipment in result.get("ContributingEquipmentSequence", ()):
        # highdicom writes when it worked; what the source said of its own equipment stays.
        if "highdicom" in str(equipment.get("ManufacturerModelName", "")).lower():
            equipment.ContributionDateTime = date + time
    for keyword in DEIDENTIFICATION:
        if keyword in sources[0]:
            result[keyword] = deepcopy(sources[0][keyword])
    result.PatientIdentityRemoved = "YES"
    # A mask or a table shows neither text nor a face, whatever the images show.
    if role == "segmentation":
        result.BurnedInAnnotation = "NO"
        result.RecognizableVisualFeatures = "NO"
    else:
        for keyword in ("BurnedInAnnotation", "RecognizableVisualFeatures"):
            if keyword in result:
                del result[keyword]
    if "DimensionOrganizationSequence" in result:
        _rename_dimensions(result, run.uid(f"{role}/dimensions"))
    result.file_meta.ImplementationVersionName = f"C2C_{__version__}"[:16]


def _rename_dimensions(result: Dataset, uid: str) -> None:
    """Put a derived UID in place of highdicom's random one, wherever it stands."""
    for item in result.DimensionOrganizationSequence:
        item.DimensionOrganizationUID = uid
    for item in result.get("DimensionIndexSequence", ()):
        item.DimensionOrganizationUID = uid
