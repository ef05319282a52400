"""The two grids that the networks look at, and what their outputs mean."""

from __future__ import annotations

import numpy as np

from ..grid import Grid

#: The classes of both networks, in the order of their outputs.
OUTSIDE, HEAD, FACE, EARS, BRAIN = range(5)
CLASSES = 5
#: After the classes come three channels of place: where a voxel lies in the head's frame, in these
#: units. The fine network does not see where its grid lies, so that it must look at the anatomy.
PLACES = 3
UNIT_MM = 50.0
#: Last come, of the fine network alone, the organs that the head's frame is defined by, each with a
#: probability of its own.
EYES, BRAINSTEM = range(2)
ORGANS = 2

COARSE_MM = 8.0
#: The part of a body that is head to the coarse network, in the head's frame, mm.
HEAD_LOW, HEAD_HIGH = np.array([-115.0, -65.0, -150.0]), np.array([115.0, 175.0, 115.0])

FINE_MM = 2.5
#: Face, ears, and of the brain what comes near them; in the head's frame, mm.
FINE_GRID = Grid(np.array([-98.75, -51.25, -138.75]), FINE_MM, (80, 80, 80))
