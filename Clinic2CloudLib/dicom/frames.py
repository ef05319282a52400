"""The slices of a series before they are stacked: geometry and rescale of each frame.

Classic instances have one slice each (PS3.3 C.7.6.2); enhanced ones say it for every frame in
functional groups (PS3.3 C.7.6.16), shared by all frames or per frame.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Hashable, Iterator
from io import BytesIO
from typing import TYPE_CHECKING

from ..errors import NotDeidentifiableError
from .elements import FileLayout
from .geometry import Frame, make_frame
from .index import file_layout
from .model import Instance, RefusalKind, Refused, SliceSource
from .pixel_header import PixelHeader, read_pixel_header

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_PER_FRAME = 0x52009230
_COLOURS = ("PALETTE COLOR", "RGB", "YBR", "ARGB", "HSV", "CMYK")

# What may tell slices at one position apart, in the order in which it is tried.
_NUMBERS = (
    ("echo time", 0x00180081),
    ("echo number", 0x00180086),
    ("temporal position", 0x00200100),
    ("inversion time", 0x00180082),
    ("flip angle", 0x00181314),
    ("trigger time", 0x00181060),
    ("tube voltage", 0x00180060),
    ("acquisition", 0x00200012),
    ("frame reference time", 0x00541300),
)


def instance_frames(number: int, instance: Instance) -> list[Frame] | Refused:
    """Read where the slices of one instance lie.

    Parameters
    ----------
    number : int
        Its index in ``Series.instances``.
    instance : Instance
        The instance; its head is read, the whole file when it is an enhanced one.

    Returns
    -------
    list of Frame, or Refused
        One for each frame; or why it has none.
    """
    every = tuple(SliceSource(number, frame, 1.0, 0.0) for frame in range(instance.frames))
    try:
        layout = file_layout(instance.file)
        header = read_pixel_header(layout)
        if header is None:
            return Refused("it has no pixel data", "no_pixels", every)
        refused = _not_a_slice(layout, header, every)
        if refused is not None:
            return refused
        if _PER_FRAME in layout.elements:
            frames = list(_enhanced(number, instance.file.read(), header))
        else:
            frames = list(_classic(number, layout, header))
    except NotDeidentifiableError as error:
        return Refused(str(error), "not_decodable", every)
    if len(frames) != header.frames:
        return _no_geometry(header, every)
    return frames


def _not_a_slice(
    layout: FileLayout, header: PixelHeader, every: tuple[SliceSource, ...]
) -> Refused | None:
    if header.samples > 1 or header.photometric.startswith(_COLOURS):
        return Refused("its pixels are in colour", "colour", every)
    if header.is_float or header.bits_allocated == 1:
        return Refused("its pixels are not integers of 8 bits or more", "not_decodable", every)
    if "MOSAIC" in layout.strings(0x00080008):
        reason = "a mosaic of slices in one image, which cannot be taken apart with certainty"
        return Refused(reason, "mosaic", every)
    return None


def _no_geometry(header: PixelHeader, every: tuple[SliceSource, ...]) -> Refused:
    kind: RefusalKind = "no_geometry"
    return Refused("it does not say where its slices lie in the patient", kind, every)


def _kind(header: PixelHeader) -> tuple[Hashable, ...]:
    return (header.dtype.str, header.bits_stored, header.photometric)


def _classic(number: int, layout: FileLayout, header: PixelHeader) -> Iterator[Frame]:
    """Yield the one slice of a classic instance."""
    if header.frames != 1:
        return
    slope, intercept = _numbers(layout, 0x00281053), _numbers(layout, 0x00281052)
    marks: list[tuple[str, Hashable]] = [("b-value", _double(layout, 0x00189087))]
    marks += [(name, _first(_numbers(layout, tag))) for name, tag in _NUMBERS]
    marks.insert(5, ("image type", layout.strings(0x00080008)))
    marks.append(("acquisition time", _first(_numbers(layout, 0x00080032))))
    frame = make_frame(
        SliceSource(number, 0, *_rescale(slope, intercept)),
        _numbers(layout, 0x00200032),
        _numbers(layout, 0x00200037),
        _numbers(layout, 0x00280030),
        (header.rows, header.columns),
        _kind(header),
        tuple(marks),
        (_first(_numbers(layout, 0x00200013)) or 0.0,),
    )
    if frame is not None:
        yield frame


def _rescale(slope: list[float], intercept: list[float]) -> tuple[float, float]:
    """Slope and intercept of the Modality LUT; 1 and 0 when missing or senseless."""
    first = slope[0] if slope and slope[0] != 0 and math.isfinite(slope[0]) else 1.0
    second = intercept[0] if intercept and math.isfinite(intercept[0]) else 0.0
    return first, second


def _numbers(layout: FileLayout, tag: int) -> list[float]:
    """Return a DS, IS or TM element's numbers; none when one is not a number."""
    try:
        return [float(part) for part in layout.strings(tag)]
    except ValueError:
        return []


def _first(numbers: list[float]) -> float | None:
    return numbers[0] if numbers else None


def _double(layout: FileLayout, tag: int) -> float | None:
    value = layout.value(tag)
    return float(struct.unpack_from(layout.endian + "d", value)[0]) if len(value) >= 8 else None


def _enhanced(number: int, raw: bytes, header: PixelHeader) -> Iterator[Frame]:
    """Yield the slices of an enhanced instance (MR, CT, PET, XA 3D, legacy converted)."""
    import pydicom

    try:
        dataset = pydicom.dcmread(BytesIO(raw), stop_before_pixels=True, force=True)
        shared = (dataset.get("SharedFunctionalGroupsSequence") or [None])[0]
        groups = dataset.PerFrameFunctionalGroupsSequence
        for index, group in enumerate(groups):
            frame = _enhanced_frame(number, index, _Groups(group, shared), header)
            if frame is not None:
                yield frame
    except NotDeidentifiableError:
        raise
    except Exception as error:  # pydicom raises anything on a damaged sequence
        raise NotDeidentifiableError("its functional groups cannot be read") from error


class _Groups:
    """The functional groups of one frame: its own, else the shared ones."""

    def __init__(self, own: Dataset, shared: Dataset | None) -> None:
        self.own, self.shared = own, shared

    def item(self, sequence: str) -> Dataset | None:
        """Return the one item of a functional group."""
        for groups in (self.own, self.shared):
            found = groups.get(sequence) if groups is not None else None
            if found:
                return found[0]
        return None

    def numbers(self, sequence: str, keyword: str) -> list[float]:
        """Return an attribute's numbers; an empty list when there is none."""
        item = self.item(sequence)
        value = item.get(keyword) if item is not None else None
        if value is None or value == "":
            return []
        try:
            return [float(value)]
        except TypeError:
            return [float(part) for part in value]

    def text(self, sequence: str, keyword: str) -> str:
        """Return an attribute as text."""
        item = self.item(sequence)
        return str(item.get(keyword) or "") if item is not None else ""


def _enhanced_frame(number: int, index: int, groups: _Groups, header: PixelHeader) -> Frame | None:
    transformation = "PixelValueTransformationSequence"
    slope = groups.numbers(transformation, "RescaleSlope")
    intercept = groups.numbers(transformation, "RescaleIntercept")
    return make_frame(
        SliceSource(number, index, *_rescale(slope, intercept)),
        groups.numbers("PlanePositionSequence", "ImagePositionPatient"),
        groups.numbers("PlaneOrientationSequence", "ImageOrientationPatient"),
        groups.numbers("PixelMeasuresSequence", "PixelSpacing"),
        (header.rows, header.columns),
        _kind(header),
        tuple(_enhanced_marks(groups)),
        (float(index),),
    )


def _enhanced_marks(groups: _Groups) -> Iterator[tuple[str, Hashable]]:
    """Yield what may tell frames at one position apart."""
    content = "FrameContentSequence"
    yield "stack", groups.text(content, "StackID")
    yield "b-value", _first(groups.numbers("MRDiffusionSequence", "DiffusionBValue"))
    yield "echo time", _first(groups.numbers("MREchoSequence", "EffectiveEchoTime"))
    yield "temporal position", _first(groups.numbers(content, "TemporalPositionIndex"))
    for sequence in ("MRImageFrameTypeSequence", "CTImageFrameTypeSequence"):
        yield "frame type", groups.text(sequence, "FrameType")
    delay = "NominalCardiacTriggerDelayTime"
    yield "trigger time", _first(groups.numbers("CardiacSynchronizationSequence", delay))
    yield "tube voltage", _first(groups.numbers("CTXRayDetailsSequence", "KVP"))
    yield "acquisition", _first(groups.numbers(content, "FrameAcquisitionNumber"))
    dimensions = groups.numbers(content, "DimensionIndexValues")
    for place, value in enumerate(dimensions, start=1):
        yield f"dimension {place}", value
