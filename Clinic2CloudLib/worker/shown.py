"""Results in a form that a front end can show: tables, outlines, volumes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import Clinic2CloudError
from .channel import Channel

if TYPE_CHECKING:
    from ..steps.compare_pictures import Pictures


def show_results(files: Sequence[Path], folder: Path, channel: Channel) -> dict[str, Any]:
    """Hand over what the files of a job hold.

    Arrays go over the channel as ``volume-N`` (float32) and ``segment-N-M`` (uint8), each of shape
    (K, J, I); affines are in RAS, mm.

    Returns
    -------
    dict
        ``rows`` of the reports, ``segmentations``, ``volumes``, and ``documents`` by path.
    """
    from ..pipelines.local import read_results

    shown: dict[str, Any] = {"folder": str(folder), "segmentations": [], "volumes": []}
    others = []
    for path in files:
        channel.progress(0.7, "reading the results")
        modality = path.name.partition("-")[0]
        if modality == "SEG":
            shown["segmentations"].append(_segmentation(path, len(shown["segmentations"]), channel))
        elif modality not in ("SR", "DOC", "PR", "KO"):
            others.append(path)
    if others:
        shown["volumes"] = _volumes(others, channel)
    shown["rows"] = [[row.name, row.value, row.unit] for row in read_results(folder)]
    shown["documents"] = [
        str(p) for p in sorted(folder.iterdir()) if p.suffix in (".pdf", ".xml", ".stl", ".obj")
    ]
    return shown


def pictures_shown(pictures: Pictures, channel: Channel) -> dict[str, Any]:
    """Hand over ``before``, ``after`` and ``changed`` of single images, and what each picture is.

    Arrays are uint8 of shape (N, rows, columns), or (N, rows, columns, 3) for colour; there is no
    ``before`` where no original is at hand.
    """
    if pictures.missing < len(pictures.shown):
        channel.array("before", pictures.before)
    channel.array("changed", pictures.changed.astype("u1"))
    channel.array("after", pictures.after)
    told = ("missing", "undrawn", "left_out", "step")
    return {
        "pictures": [dataclasses.asdict(picture) for picture in pictures.shown],
        "told": {name: getattr(pictures, name) for name in told},
    }


def _segmentation(path: Path, number: int, channel: Channel) -> dict[str, Any]:
    from ..pipelines.segments import read_segmentation

    read = read_segmentation(path)
    segments = []
    for index, (mask, segment) in enumerate(zip(read.masks, read.segments, strict=True)):
        name = f"segment-{number}-{index}"
        channel.array(name, mask.astype("u1"))
        segments.append({"array": name, "name": segment.name, "colour": segment.colour})
    return {"segments": segments, "ijk_to_ras": _ras(read.ijk_to_lps)}


def _volumes(files: Sequence[Path], channel: Channel) -> list[dict[str, Any]]:
    from ..dicom.series import find_series
    from ..dicom.source import open_source
    from ..dicom.volume import read_volumes

    wanted = {path.name for path in files}
    volumes: list[dict[str, Any]] = []
    try:
        with open_source(files[0].parent) as source:
            for series in find_series(source).series:
                if not any(item.file.relative in wanted for item in series.instances):
                    continue
                for volume in read_volumes(series).volumes:
                    name = f"volume-{len(volumes)}"
                    channel.array(name, volume.values())
                    volumes.append(
                        {
                            "array": name,
                            "name": series.description or series.modality,
                            "ijk_to_ras": volume.ijk_to_ras.tolist(),
                        }
                    )
    except Clinic2CloudError as error:
        channel.event("trouble", sentence=f"a result cannot be shown: {error}")
    return volumes


def _ras(ijk_to_lps: np.ndarray) -> list[list[float]]:
    ras: list[list[float]] = (np.diag([-1.0, -1.0, 1.0, 1.0]) @ ijk_to_lps).tolist()
    return ras
