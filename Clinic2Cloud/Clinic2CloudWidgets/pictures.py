"""The look at single images, which have no volume to turn: before and after in two slice views.

All images of a case lie in one stack, each in a slice of its own; what was painted over is outlined
on both sides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer
from slicer.i18n import tr as _

from . import layout, scene
from .observers import Observers
from .views import OUTLINE, sliceNodes

BEFORE, AFTER = "C2CBeforePicture", "C2CAfterPicture"
_SIDES = {BEFORE: "before", AFTER: "after"}
_GROUP = 8
#: Columns run to the patient's left and rows to the back: the way up that an axial view has.
_IJK_TO_RAS = ((-1, 0, 0, 0), (0, -1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1))


def layoutDescription() -> str:
    """Return the layout: before on the left, after on the right."""
    return layout.row(
        [
            layout.sliceItem(tag, side, "Axial", f"{layout.sideName(side)}, {_('image')}", _GROUP)
            for tag, side in _SIDES.items()
        ]
    )


class PictureViews:
    """The images of one case at a time.

    Parameters
    ----------
    arrangement : Layout
        Shared with the look at volumes.
    moved : callable
        ``moved(number)`` when the user goes to another image in a view.
    """

    def __init__(self, arrangement: layout.Layout, moved: Callable[[int], None]) -> None:
        self._layout, self._moved = arrangement, moved
        self._observers = Observers()
        self._count = self._at = 0
        self._going = False
        self.case = ""

    def show(self, case: str, arrays: dict) -> None:
        """Show a case's images from what the ``compare`` task handed over."""
        self.clear()
        self.case = case
        nodes = {
            role: scene.addVolume(f"{case} {role}", arrays[role], _IJK_TO_RAS, case, role)
            for role in ("before", "after")
            if role in arrays
        }
        for node in nodes.values():
            display = node.GetDisplayNode()
            display.SetAutoWindowLevel(False)
            display.SetWindowLevelMinMax(0, 255)
        changed = None
        if arrays["changed"].any():
            name = f"{case} changed"
            changed = scene.addLabelMap(
                name, arrays["changed"], _IJK_TO_RAS, case, "changed", OUTLINE
            )
        self._count = len(arrays["after"])
        if slicer.app.layoutManager() is not None:
            self._layout.use(layout.PICTURES, layoutDescription())
            for tag, side in _SIDES.items():
                self._fill(tag, nodes.get(side), changed)

    def _fill(self, tag: str, shown: Any, changed: Any) -> None:
        slice_, composite = sliceNodes(tag)
        slice_.SetOrientation("Axial")
        composite.SetBackgroundVolumeID(shown.GetID() if shown is not None else None)
        composite.SetLabelVolumeID(changed.GetID() if changed is not None else None)
        composite.SetLabelOpacity(1.0)
        composite.SetLinkedControl(True)  # zoomed and moved alike
        composite.SetHotLinkedControl(True)
        slice_.SetUseLabelOutline(True)
        widget = slicer.app.layoutManager().sliceWidget(tag)
        if widget is not None:
            widget.fitSliceToBackground()
        self._observers.add(slice_, "ModifiedEvent", self._scrolled)

    def go(self, number: int) -> None:
        """Show an image on both sides."""
        self._at, self._going = number, True
        for tag in _SIDES:
            slice_, _composite = sliceNodes(tag)
            if slice_ is not None:
                slice_.SetSliceOffset(number)
        self._going = False

    def _scrolled(self) -> None:
        """Follow the user, who turned the mouse wheel in a view or moved its slider."""
        for tag in () if self._going else _SIDES:
            slice_, _composite = sliceNodes(tag)
            number = round(slice_.GetSliceOffset()) if slice_ is not None else -1
            if 0 <= number < self._count and number != self._at:
                self._moved(number)
                return

    def clear(self) -> None:
        """Take the images out of the views and the scene."""
        self._observers.release()
        scene.removeLook(self.case)
        self.case, self._count, self._at = "", 0, 0

    def complete(self, volumes: int) -> bool:
        """Whether what was put into the scene is still in it."""
        return scene.holdsLook(self.case, volumes)
