"""The cameras of the two 3D views of a case: where one goes, the other follows."""

from __future__ import annotations

from typing import Any

import slicer

from .observers import Observers

#: Layout names of the two 3D views.
BEFORE, AFTER = "C2CBefore", "C2CAfter"


class LinkedCameras:
    """Keeps the two cameras alike until it is released, or nobody holds it any more."""

    def __init__(self) -> None:
        self._observers = Observers()
        #: Set while one camera follows the other, so that it does not call back.
        self._following = False

    def link(self) -> None:
        """Let each camera take the other along."""
        self.release()
        for tag, follow in ((BEFORE, self._afterFollows), (AFTER, self._beforeFollows)):
            camera = cameraNode(tag)
            if camera is not None:
                self._observers.add(camera, "ModifiedEvent", follow)

    def release(self) -> None:
        """Let each go its own way."""
        self._observers.release()

    def _afterFollows(self) -> None:
        self._follow(cameraNode(BEFORE), cameraNode(AFTER))

    def _beforeFollows(self) -> None:
        self._follow(cameraNode(AFTER), cameraNode(BEFORE))

    def _follow(self, first: Any, other: Any) -> None:
        if self._following or first is None or other is None:
            return
        self._following = True
        try:
            was = other.StartModify()
            other.SetFocalPoint(first.GetFocalPoint())
            other.SetPosition(first.GetPosition())
            other.SetViewUp(first.GetViewUp())
            other.SetViewAngle(first.GetViewAngle())
            other.ResetClippingRange()
            other.EndModify(was)
        finally:
            self._following = False


def cameraNode(tag: str) -> Any:
    """Return the camera node of a 3D view."""
    for node in slicer.util.getNodesByClass("vtkMRMLCameraNode"):
        if node.GetLayoutName() == tag:
            return node
    return None
