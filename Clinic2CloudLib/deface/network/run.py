"""Running a network on an array."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..beside import both
from . import boxes
from .nets import loaded

#: Each level of the networks halves the grid, four times over.
MULTIPLE = 16


@dataclass(frozen=True)
class Output:
    """What a network says, on the grid of its input, float32.

    Attributes
    ----------
    chances : numpy.ndarray
        Probabilities of the classes, shape (5, K, J, I).
    places : numpy.ndarray
        Where each voxel lies in the head's frame, mm of a mean head, shape (3, K, J, I).
    organs : numpy.ndarray
        Probabilities of eyes and brainstem, shape (2, K, J, I); of the coarse network, (0, ...).
    """

    chances: np.ndarray
    places: np.ndarray
    organs: np.ndarray


def forward(name: str, image: np.ndarray) -> Output:
    """Run a network.

    Parameters
    ----------
    name : {'coarse', 'fine'}
        Which.
    image : numpy.ndarray
        Float32, shape (channels, K, J, I); padded with zeros to what the network takes.

    Returns
    -------
    Output
        Cut to the input's own shape.
    """
    import torch

    extra = [(-n) % MULTIPLE for n in image.shape[1:]]
    padded = np.pad(image, [(0, 0), *((0, e) for e in extra)])
    with torch.inference_mode(), one_thread(torch):
        batch = torch.from_numpy(padded)[None].contiguous(memory_format=torch.channels_last_3d)
        k, j, i = image.shape[1:]
        out = loaded(name)(batch)[0, :, :k, :j, :i]
        first, second = boxes.CLASSES, boxes.CLASSES + boxes.PLACES
        return Output(
            torch.softmax(out[:first], 0).numpy(),
            (boxes.UNIT_MM * out[first:second]).numpy(),
            torch.sigmoid(out[second:]).numpy(),
        )


def both_ways(name: str, image: np.ndarray) -> Output:
    """Run a network on an array and on its mirror image, and return the mean of both.

    Left and right of a head look alike, so the second look errs independently of the first where
    the first errs by chance; parameters and result as of :func:`forward`.
    """
    import torch

    loaded(name)
    # Each look counts in one thread, so there may be two. Torch's setting is one for the process:
    # held here as well, it is not undone by the look that ends first.
    with one_thread(torch):
        one, other = both(
            lambda: forward(name, image),
            lambda: forward(name, np.ascontiguousarray(image[..., ::-1])),
        )
    places = other.places[..., ::-1] * np.array([-1.0, 1.0, 1.0], np.float32)[:, None, None, None]
    return Output(
        (one.chances + other.chances[..., ::-1]) / 2,
        (one.places + places) / 2,
        (one.organs + other.organs[..., ::-1]) / 2,
    )


@contextmanager
def one_thread(torch: Any) -> Iterator[None]:
    """Let torch compute in one thread: the same sums on every machine, whatever its cores.

    It is quick enough so, and a worker process forked from one that computed in several threads
    would wait for threads it does not have.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
