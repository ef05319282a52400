"""The heads that training draws from, as ``prepare.py`` wrote them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812


@dataclass(frozen=True)
class Source:
    """One head, sampled by coordinates of its own frame.

    Attributes
    ----------
    name, kind : str
        ``kind`` is ``labels``, ``ct`` or ``mr``.
    tissue : numpy.ndarray or None
        Tissue numbers, uint8, of a label map.
    values, inside : numpy.ndarray or None
        Modality values, float32, and the field of view, of a real scan.
    parts, depth : numpy.ndarray
        See ``prepare.py``; uint8.
    frame_to_index : numpy.ndarray
        4 x 4, from frame coordinates (x, y, z), mm of a mean head, to indices (i, j, k).
    scale : float
        Millimetres of this head to a millimetre of the mean head.
    """

    name: str
    kind: str
    tissue: np.ndarray | None
    values: np.ndarray | None
    inside: np.ndarray | None
    parts: np.ndarray
    depth: np.ndarray
    frame_to_index: np.ndarray
    scale: float


def read_source(path: Path) -> Source:
    """Read one file of ``prepare.py``."""
    data = np.load(path)
    spacing = float(data["spacing"])
    to_index = np.diag([1 / spacing] * 3 + [1.0])
    to_index[:3, 3] = -data["origin"] / spacing
    matrix = data["frame_to_lps"]
    return Source(
        path.stem,
        path.stem.split("_")[0],
        data.get("tissue", None),
        data.get("values", None),
        data.get("inside", None),
        data["parts"],
        data["depth"],
        to_index @ matrix,
        float(np.cbrt(abs(np.linalg.det(matrix[:3, :3])))),
    )


#: Left out: map 01 is cut in front, through the nose, and says background there; in 11 and 14 the
#: eyes are labelled 20 mm below all others', so that the frame, and the rule with it, is off.
LEFT_OUT = ("labels_synthseg_01", "labels_synthseg_11", "labels_synthseg_14")


def read_sources(folder: Path) -> list[Source]:
    """Read all that is there but :data:`LEFT_OUT`, in a fixed order."""
    paths = sorted(folder.glob("*.npz"))
    return [read_source(path) for path in paths if path.stem not in LEFT_OUT]


def nearest(source: Source, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return flat indices of the voxels nearest to points, and which of them exist.

    Parameters
    ----------
    source : Source
        The head.
    points : numpy.ndarray
        Frame coordinates, float32, shape (3, n).
    """
    m = source.frame_to_index.astype(np.float32)
    index = np.rint(m[:3, :3] @ points + m[:3, 3:]).astype(np.int32)
    nz, ny, nx = source.parts.shape
    size = np.array([[nx], [ny], [nz]], np.int32)
    exists = ((index >= 0) & (index < size)).all(0)
    i, j, k = np.clip(index, 0, size - 1)
    return (k * ny + j) * nx + i, exists


def linear(source: Source, array: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Sample an array of a source linearly at frame coordinates, (3, K, J, I); edges go on."""
    m = source.frame_to_index.astype(np.float32)
    at = m[:3, :3] @ points.reshape(3, -1) + m[:3, 3:]
    size = np.array([[n] for n in array.shape[::-1]], np.float32)
    unit = torch.from_numpy(2.0 * at / (size - 1) - 1.0).T.reshape(1, *points.shape[1:], 3)
    image = torch.from_numpy(array)[None, None]
    sampled = F.grid_sample(image, unit, padding_mode="border", align_corners=True)
    return sampled[0, 0].numpy()


#: How often each kind is drawn, while it is there.
SHARES = {"labels": 0.68, "ct": 0.26, "mr": 0.06}


def pick(sources: Sequence[Source], random: np.random.Generator) -> Source:
    """Draw a head: first its kind, then one of that kind."""
    kinds = [kind for kind in SHARES if any(s.kind == kind for s in sources)]
    share = np.array([SHARES[kind] for kind in kinds])
    kind = str(random.choice(kinds, p=share / share.sum()))
    own = [s for s in sources if s.kind == kind]
    return own[int(random.integers(len(own)))]
