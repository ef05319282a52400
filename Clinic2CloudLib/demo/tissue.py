"""What each tissue looks like, and a canvas to paint it on with partial volumes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .shapes import Grid, Shape

#: Signal of a T1-weighted gradient echo, white matter 600; relations as in an MPRAGE at 3 T.
MR_T1: Mapping[str, float] = {
    "air": 0, "skin": 330, "fat": 860, "muscle": 270, "cortical bone": 35, "marrow": 520,
    "fluid": 110, "grey": 400, "white": 600, "deep grey": 450, "vitreous": 95, "lens": 260,
    "mucosa": 360, "teeth": 20, "cartilage": 240, "vessel": 60,
}  # fmt: skip

#: Hounsfield units; bone is what a 1.2 mm voxel shows, not the densest lamella.
CT_HU: Mapping[str, float] = {
    "air": -1000, "skin": 35, "fat": -95, "muscle": 55, "cortical bone": 1150, "marrow": 420,
    "fluid": 6, "grey": 38, "white": 27, "deep grey": 36, "vitreous": 8, "lens": 75,
    "mucosa": 40, "teeth": 1900, "cartilage": 90, "vessel": 45,
}  # fmt: skip


class Canvas:
    """Values on a grid, painted tissue after tissue; an edge voxel gets its share of both.

    Parameters
    ----------
    grid : Grid
        Where the voxels are.
    look : mapping
        Value of each tissue, ``MR_T1`` or ``CT_HU``.
    """

    def __init__(self, grid: Grid, look: Mapping[str, float]) -> None:
        self.grid = grid
        self.look = look
        self.values = np.full(grid.shape, look["air"], np.float32)
        self._voxel = np.float32(grid.spacing)

    def paint(self, distance: np.ndarray, tissue: str, where: tuple[slice, ...] = ()) -> None:
        """Lay a tissue over what is there, inside a distance field (negative inside).

        Parameters
        ----------
        distance : numpy.ndarray
            Signed distance in mm, shape of the grid or of the window ``where``.
        tissue : str
            A key of the look.
        where : tuple of slice
            The window of the grid, all of it when empty.
        """
        share = np.clip(np.float32(0.5) - distance / self._voxel, 0, 1)
        target = self.values[where]
        target += share * (np.float32(self.look[tissue]) - target)

    def shape(self, shape: Shape, tissue: str, inside: np.ndarray | None = None) -> None:
        """Paint a shape, only within the distance field ``inside`` (of the whole grid) if given."""
        index, distance = shape.near(self.grid, 2 * float(self._voxel))
        if distance.size:
            if inside is not None:
                distance = np.maximum(distance, inside[index])
            self.paint(distance, tissue, index)
