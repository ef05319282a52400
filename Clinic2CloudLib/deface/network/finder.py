"""The finder that asks the networks."""

from __future__ import annotations

from ...dicom.model import Volume
from ...progress import Progress, silent
from ..model import FaceFinding, FaceStatus
from ..scan import working_values
from ..verdict import too_thin
from .draw import draw
from .evidence import gather, judge
from .locate import locate
from .masks import masks_of


class NetworkFinder:
    """Finds the head at 8 mm, then draws face, ears and brain at 2.5 mm in the head's frame."""

    name = "face network (MONAI, two stages)"

    def find(self, volume: Volume, progress: Progress = silent) -> FaceFinding:
        """Find the face; see :func:`Clinic2CloudLib.deface.find_face`."""
        reason = too_thin(volume)
        if reason:
            return self._nothing("no_head", 0.9, (reason,))
        values = working_values(volume)
        progress(0.05, "Looking for the head")
        located = locate(values, volume)
        if located is None:
            return self._nothing("no_head", 0.9, ("Nothing in the scan looks like a head.",))
        progress(0.3, "Drawing the face")
        drawn = draw(values, volume, located.frame_to_lps)
        if drawn is None:
            return self._nothing("no_head", 0.7, ("What looked like a head is none.",))
        status, confidence, reasons = judge(gather(located, drawn))
        if status == "no_head":
            return self._nothing(status, confidence, reasons)
        progress(0.7, "Bringing the face to the scan's own grid")
        masks = masks_of(located, drawn, volume, values)
        progress(1.0, "Face found")
        return FaceFinding(
            status,
            self.name,
            masks.face,
            masks.ears,
            masks.brain,
            masks.head,
            confidence,
            reasons,
            drawn.frame_to_lps,
        )

    def _nothing(
        self, status: FaceStatus, confidence: float, reasons: tuple[str, ...]
    ) -> FaceFinding:
        return FaceFinding(status, self.name, None, None, None, None, confidence, reasons)
