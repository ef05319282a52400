"""Volumes of a series: pixels, affine, and which slice is which instance."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from ..errors import NotDeidentifiableError
from ..progress import Progress, silent
from .decode import decode_native, decode_selected, open_pixels
from .frames import instance_frames
from .geometry import Frame, Stack, Unstacked
from .model import Refused, Series, Volume
from .stacking import stack_frames

_THREADS = min(4, os.cpu_count() or 1)


@dataclass(frozen=True)
class VolumeReading:
    """The volumes of a series, and the slices that are in none, each with its reason.

    Every frame of every instance is in exactly one of them.
    """

    volumes: tuple[Volume, ...]
    refused: tuple[Refused, ...]


def read_volumes(series: Series, progress: Progress | None = None) -> VolumeReading:
    """Read a series as volumes.

    Geometry comes from Image Position and Orientation (Patient) only. Where positions repeat
    (echoes, b-values, time points), each pass is a volume of its own; another orientation, matrix
    or spacing is another volume too.

    Parameters
    ----------
    series : Series
        From :func:`~Clinic2CloudLib.dicom.series.find_series`; its source must still be open.
    progress : Progress, optional
        Told how far it is; may raise ``Cancelled``.

    Returns
    -------
    VolumeReading
        Volumes of two slices or more, largest first, affines in LPS, mm, right-handed; single
        slices, colour images, uneven or incomplete stacks and undecodable pixels are refused with
        a reason.
    """
    report = progress or silent
    frames, refused = _all_frames(series)
    report(0.1, f"{len(frames)} slices found")
    stacks, unstacked = stack_frames(frames)
    refused += [_refused(item) for item in unstacked]
    stacks.sort(key=lambda stack: -len(stack.frames))
    read = _read_pixels(series, stacks, report)
    volumes = []
    for stack, result in zip(stacks, read, strict=True):
        if isinstance(result, str):
            sources = tuple(frame.source for frame in stack.frames)
            refused.append(Refused(result, "not_decodable", sources))
        else:
            volumes.append(_volume(series, stack, result))
    return VolumeReading(tuple(volumes), tuple(_merged(refused)))


def _all_frames(series: Series) -> tuple[list[Frame], list[Refused]]:
    frames: list[Frame] = []
    refused: list[Refused] = []
    with ThreadPoolExecutor(_THREADS) as pool:
        numbers = range(len(series.instances))
        for result in pool.map(instance_frames, numbers, series.instances, chunksize=16):
            if isinstance(result, Refused):
                refused.append(result)
            else:
                frames += result
    return frames, refused


def _refused(item: Unstacked) -> Refused:
    sources = tuple(frame.source for frame in item.frames)
    return Refused(item.reason, "single_slice" if item.single else "uneven_spacing", sources)


def _merged(refused: Iterable[Refused]) -> Iterator[Refused]:
    """Put what is refused for the same reason together, except stacks, which stay apart."""
    together: dict[tuple[str, str], Refused] = {}
    for item in refused:
        if item.kind == "uneven_spacing":
            yield item
            continue
        key = (item.kind, item.reason)
        earlier = together.get(key)
        slices = (earlier.slices if earlier else ()) + item.slices
        together[key] = replace(item, slices=slices)
    for item in together.values():
        # An only image without a place in the patient is no volume either.
        if item.kind == "no_geometry" and len(item.slices) == 1:
            yield replace(item, kind="single_slice", reason="a single slice")
        else:
            yield item


def _volume(series: Series, stack: Stack, stored: np.ndarray) -> Volume:
    return Volume(
        stored=stored,
        ijk_to_lps=stack.ijk_to_lps,
        slices=tuple(frame.source for frame in stack.frames),
        modality=series.modality,
        label=stack.label,
        notes=stack.notes,
    )


def _read_pixels(
    series: Series, stacks: Sequence[Stack], report: Progress
) -> list[np.ndarray | str]:
    """Decode each instance once and put its frames where they belong.

    Returns an array for each stack, or the reason why one of its slices cannot be decoded.
    """
    arrays = [
        np.empty((len(stack.frames), *stack.frames[0].shape), stack.frames[0].kind[0])
        for stack in stacks
    ]
    wanted: dict[int, list[tuple[int, int, int]]] = {}
    for number, stack in enumerate(stacks):
        for k, frame in enumerate(stack.frames):
            wanted.setdefault(frame.source.instance, []).append((number, k, frame.source.frame))
    failures: dict[int, str] = {}

    def read(instance: int) -> str:
        places = wanted[instance]
        try:
            frames = _decode(series.instances[instance].file.read(), [f for _, _, f in places])
            for (number, k, _), stored in zip(places, frames, strict=True):
                arrays[number][k] = stored
        except NotDeidentifiableError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(_THREADS) as pool:
        try:
            for done, (instance, failure) in enumerate(
                zip(wanted, pool.map(read, wanted), strict=True), start=1
            ):
                if failure:
                    failures |= {number: failure for number, _, _ in wanted[instance]}
                if done % 16 == 0 or done == len(wanted):
                    report(0.1 + 0.9 * done / len(wanted), f"{done} of {len(wanted)} images read")
        finally:
            pool.shutdown(cancel_futures=True)
    return [failures.get(number, array) for number, array in enumerate(arrays)]


def _decode(raw: bytes, frames: Sequence[int]) -> Iterator[np.ndarray]:
    """Yield the stored values of some frames of a file."""
    layout, header = open_pixels(raw)
    if header.is_native:
        stored = decode_native(layout, header).stored
        yield from (stored[frame] for frame in frames)
    else:
        yield from decode_selected(layout, header, frames)
