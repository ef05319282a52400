"""Running a network on an array."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from . import boxes
from .nets import loaded

#: Each level of the networks halves the grid, four times over.
MULTIPLE = 16


def forward(name: str, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Run a network.

    Parameters
    ----------
    name : {'coarse', 'fine'}
        Which.
    image : numpy.ndarray
        Float32, shape (channels, K, J, I); padded with zeros to what the network takes.

    Returns
    -------
    chances, places : numpy.ndarray
        Probabilities of the classes, shape (5, K, J, I), and the places as the network says them,
        shape (3, K, J, I).
    """
    import torch

    extra = [(-n) % MULTIPLE for n in image.shape[1:]]
    padded = np.pad(image, [(0, 0), *((0, e) for e in extra)])
    with torch.inference_mode(), one_thread(torch):
        batch = torch.from_numpy(padded)[None].contiguous(memory_format=torch.channels_last_3d)
        out = loaded(name)(batch)[0]
        chances = torch.softmax(out[: boxes.CLASSES], 0).numpy()
        places = out[boxes.CLASSES :].numpy()
    k, j, i = image.shape[1:]
    return chances[:, :k, :j, :i], places[:, :k, :j, :i]


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
