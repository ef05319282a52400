"""The look at a case: before and after side by side, one camera, one transfer function.

Real volume rendering of MRML volumes. The opacity follows the skin's level in the ORIGINAL:
Slicer's MR presets have absolute thresholds, which on a dim image make the skin, and so the face,
vanish.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import slicer
from slicer.i18n import tr as _

from . import layout, scene
from .cameras import AFTER, BEFORE, LinkedCameras, cameraNode

SLICES = {
    "C2CBeforeAxial": ("before", "Axial"),
    "C2CBeforeSagittal": ("before", "Sagittal"),
    "C2CAfterAxial": ("after", "Axial"),
    "C2CAfterSagittal": ("after", "Sagittal"),
}
#: The angles a person has to have seen, in the order of the keys 1 to 5.
ANGLES = ("front", "left_oblique", "right_oblique", "left_profile", "right_profile")
OUTLINE = (1.0, 0.42, 0.25)
#: So far from the middle of the face a head reaches, in mm.
HEAD_MM = 160.0
_GROUP = 7

_THREE_D = """
    <item><view class="vtkMRMLViewNode" singletontag="{tag}">
      <property name="viewlabel" action="default">{label}</property>
      <property name="viewgroup" action="default">{group}</property>
    </view></item>"""


def layoutDescription() -> str:
    """Return the layout: 3D before and after above, axial and sagittal of each below."""
    pair = layout.row(
        [
            _THREE_D.format(tag=tag, label=escape(layout.sideName(side)), group=_GROUP)
            for tag, side in ((BEFORE, "before"), (AFTER, "after"))
        ]
    )
    names = {"Axial": _("axial"), "Sagittal": _("sagittal")}
    slices = layout.row(
        [
            layout.sliceItem(tag, side, plane, f"{layout.sideName(side)}, {names[plane]}", _GROUP)
            for tag, (side, plane) in SLICES.items()
        ]
    )
    return (
        '<layout type="vertical" split="true">'
        f'<item splitSize="650">{pair}</item><item splitSize="350">{slices}</item>'
        "</layout>"
    )


class CaseViews:
    """The views of one case at a time; without a main window it only knows the nodes."""

    def __init__(self, arrangement: layout.Layout | None = None) -> None:
        self._cameras = LinkedCameras()
        self._layout = arrangement or layout.Layout()
        self._frame: Any = None
        self.case = ""

    # ------------------------------------------------------------------ showing

    def show(self, case: str, arrays: dict, facts: dict) -> bool:
        """Show a case from what the ``compare`` task handed over; False when it has no volume."""
        self.clear()
        self.case = case
        if "after" not in arrays:
            return False
        matrix = facts["ijk_to_ras"]
        after = scene.addVolume(f"{case} after", arrays["after"], matrix, case, "after")
        before = None
        if "before" in arrays:
            before = scene.addVolume(f"{case} before", arrays["before"], matrix, case, "before")
        changed = None
        if "changed" in arrays and arrays["changed"].any():
            changed = scene.addLabelMap(
                f"{case} changed", arrays["changed"], matrix, case, "changed", OUTLINE
            )
        for node in filter(None, (before, after)):
            display = node.GetDisplayNode()
            display.SetAutoWindowLevel(False)
            display.SetWindowLevelMinMax(*facts["window"])
        self._frame = _frameOf(
            arrays.get("before", arrays["after"]), matrix, facts["skin"],
            _placeOf(arrays["changed"], matrix) if changed is not None else None,
        )  # fmt: skip
        if slicer.app.layoutManager() is not None:
            self._layout.use(layout.VOLUMES, layoutDescription())
            self._render(before, after, facts)
            self._fillSlices(before, after, changed, arrays, matrix)
            self._cameras.link()
            self.lookFrom("front")
        return True

    def clear(self) -> None:
        """Take the case out of the views and its nodes out of the scene."""
        self._cameras.release()
        scene.removeLook(self.case)
        self.case = ""

    def complete(self, volumes: int) -> bool:
        """Whether the volumes that were put into the scene are still in it."""
        return scene.holdsLook(self.case, volumes)

    def close(self) -> None:
        """Clear, and give the user's own layout back."""
        self.clear()
        self._layout.giveBack()

    def _render(self, before: Any, after: Any, facts: dict) -> None:
        logic = slicer.modules.volumerendering.logic()
        for node, tag in ((before, BEFORE), (after, AFTER)):
            view = viewNode(tag)
            if node is None or view is None:
                continue
            display = logic.CreateDefaultVolumeRenderingNodes(node)
            scene._mark(display, self.case, "rendering")
            display.RemoveAllViewNodeIDs()  # the logic adds every view there is
            display.AddViewNodeID(view.GetID())
            look = display.GetVolumePropertyNode()
            scene._mark(look, self.case, "rendering")
            fillTransfer(look, facts["skin"], facts["air"], facts["window"][1])
            if display.GetROINode() is not None:
                display.SetCroppingEnabled(False)
            display.SetVisibility(True)
            view.SetBoxVisible(False)
            view.SetAxisLabelsVisible(False)
            view.SetBackgroundColor(0.09, 0.10, 0.13)
            view.SetBackgroundColor2(0.09, 0.10, 0.13)

    def _fillSlices(self, before: Any, after: Any, changed: Any, arrays: dict, matrix: Any) -> None:
        place = _placeOf(arrays.get("changed", arrays["after"]), matrix)
        manager = slicer.app.layoutManager()
        for tag, (side, orientation) in SLICES.items():
            slice_, composite = sliceNodes(tag)
            shown = before if side == "before" else after
            if slice_ is None or composite is None:
                continue
            slice_.SetOrientation(orientation)
            composite.SetBackgroundVolumeID(shown.GetID() if shown is not None else None)
            composite.SetLabelVolumeID(changed.GetID() if changed is not None else None)
            composite.SetLabelOpacity(1.0)
            composite.SetLinkedControl(True)
            composite.SetHotLinkedControl(True)
            slice_.SetUseLabelOutline(True)
            widget = manager.sliceWidget(tag)
            if widget is not None:
                widget.fitSliceToBackground()
            slice_.JumpSliceByCentering(*place)

    # ------------------------------------------------------------------- camera

    def lookFrom(self, angle: str) -> None:
        """Point both cameras: superior is up, the whole head in the picture."""
        from Clinic2CloudLib.preview.views import aim

        for tag in (BEFORE, AFTER):
            camera = cameraNode(tag)
            if camera is not None and self._frame is not None:
                was = camera.StartModify()
                aim(camera.GetCamera(), _fitted(self._frame, tag), angle)
                camera.ResetClippingRange()
                camera.EndModify(was)


def fillTransfer(look: Any, skin: float, air: float, bright: float) -> None:
    """Fill a volume property: nothing below the skin's level, opaque soon above it, lit matt."""
    step = max(skin - air, 1e-3)
    opacity = look.GetScalarOpacity()
    opacity.RemoveAllPoints()
    top = max(bright, skin + 2 * step)
    for value, share in ((air, 0.0), (skin, 0.0), (skin + 0.35 * step, 0.85), (top, 1.0)):
        opacity.AddPoint(value, share)
    colour = look.GetColor()
    colour.RemoveAllPoints()
    colour.AddRGBPoint(air, 0.50, 0.40, 0.34)
    colour.AddRGBPoint(skin, 0.80, 0.66, 0.56)
    colour.AddRGBPoint(top, 0.95, 0.88, 0.82)
    gradient = look.GetGradientOpacity()
    gradient.RemoveAllPoints()
    gradient.AddPoint(0, 1.0)
    gradient.AddPoint(1e6, 1.0)
    detail = look.GetVolumeProperty()
    detail.ShadeOn()
    detail.SetInterpolationTypeToLinear()
    detail.SetAmbient(0.15)
    detail.SetDiffuse(0.95)
    detail.SetSpecular(0.08)
    detail.SetSpecularPower(8)


def viewNode(tag: str) -> Any:
    """Return the 3D view node of a layout name."""
    return slicer.mrmlScene.GetSingletonNode(tag, "vtkMRMLViewNode")


def sliceNodes(tag: str) -> tuple[Any, Any]:
    """Return the slice node and the composite node of a layout name."""
    slice_ = slicer.mrmlScene.GetSingletonNode(tag, "vtkMRMLSliceNode")
    composites = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    return slice_, next((node for node in composites if node.GetLayoutName() == tag), None)


def _fitted(frame: Any, tag: str) -> Any:
    """Return the frame seen from further away where the view is narrower than it is high."""
    import dataclasses

    widget = slicer.app.layoutManager().threeDWidget(tag)
    if widget is None or not widget.threeDView().height:
        return frame
    view = widget.threeDView()
    narrow = min(1.0, max(0.2, view.width / view.height))
    return dataclasses.replace(frame, distance=frame.distance / narrow)


def _frameOf(values: Any, ijkToRas: Any, skin: float, face: Sequence[float] | None) -> Any:
    """Return what the cameras look at: all that is skin or under it, or of it what is near a face.

    In a scan of head and shoulders the face would else be too small to be recognised.
    """
    import numpy as np
    from Clinic2CloudLib.preview.views import frame_of

    step = max(1, round((values.size / 250_000) ** (1 / 3)))
    k, j, i = np.nonzero(values[::step, ::step, ::step] > skin)
    index = np.stack([i, j, k, np.zeros_like(i)], axis=1) * step
    index[:, 3] = 1
    places = (index @ np.asarray(ijkToRas).T)[:, :3]
    if face is not None:
        near = np.linalg.norm(places - face, axis=1) < HEAD_MM
        places = places[near] if near.any() else places
    return frame_of(places)


def _placeOf(values: Any, ijkToRas: Any) -> Sequence[float]:
    """Return the middle of what changed, or of the volume, in RAS."""
    import numpy as np

    centre = []
    for axis in range(3):
        along = values.any(axis=tuple(a for a in range(3) if a != axis))
        found = np.flatnonzero(along)
        centre.append(float(np.median(found)) if found.size else values.shape[axis] / 2)
    place = np.asarray(ijkToRas) @ [centre[2], centre[1], centre[0], 1.0]
    return [float(v) for v in place[:3]]
