"""The cameras of the two 3D views of a case: where one goes, the other follows."""

from __future__ import annotations

import weakref
from typing import Any

import slicer

#: Layout names of the two 3D views.
BEFORE, AFTER = "C2CBefore", "C2CAfter"

#: Set while one camera follows the other, so that it does not call back.
_following = False


def follow(caller: Any, event: str) -> None:
    """Take the other view's camera along.

    A function of the module and no closure over the two nodes: node, observer and closure would
    refer to each other in a circle, which Python may collect while the node lives on in the scene
    and calls what is no more, and that ends the application.
    """
    global _following
    other = cameraNode(AFTER if caller.GetLayoutName() == BEFORE else BEFORE)
    if _following or other is None:
        return
    _following = True
    try:
        was = other.StartModify()
        other.SetFocalPoint(caller.GetFocalPoint())
        other.SetPosition(caller.GetPosition())
        other.SetViewUp(caller.GetViewUp())
        other.SetViewAngle(caller.GetViewAngle())
        other.ResetClippingRange()
        other.EndModify(was)
    finally:
        _following = False


class LinkedCameras:
    """Keeps the two cameras alike until it is released, or nobody holds it any more."""

    def __init__(self) -> None:
        self._tags: list[tuple[Any, int]] = []
        # Whoever drops the views without closing them, a script say, leaves no observer behind.
        weakref.finalize(self, _release, self._tags)

    def link(self) -> None:
        """Let each camera take the other along."""
        self.release()
        for tag in (BEFORE, AFTER):
            camera = cameraNode(tag)
            if camera is not None:
                self._tags.append((camera, camera.AddObserver("ModifiedEvent", follow)))

    def release(self) -> None:
        """Let each go its own way."""
        _release(self._tags)


def _release(tags: list[tuple[Any, int]]) -> None:
    """Take observers off again, and forget them."""
    while tags:
        node, tag = tags.pop()
        node.RemoveObserver(tag)


def cameraNode(tag: str) -> Any:
    """Return the camera node of a 3D view."""
    for node in slicer.util.getNodesByClass("vtkMRMLCameraNode"):
        if node.GetLayoutName() == tag:
            return node
    return None
