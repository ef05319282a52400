"""The layouts of the two looks, and the way back to the user's own."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import slicer
from slicer.i18n import tr as _

VOLUMES, PICTURES = 7201, 7202

_SLICE = """
    <item><view class="vtkMRMLSliceNode" singletontag="{tag}">
      <property name="orientation" action="default">{orientation}</property>
      <property name="viewlabel" action="default">{label}</property>
      <property name="viewcolor" action="default">{colour}</property>
      <property name="viewgroup" action="default">{group}</property>
    </view></item>"""
#: Warm for what stays, cool for what would leave; the previews have the same.
COLOURS = {"before": "#F0A85C", "after": "#6EBEF0"}


def sideName(side: str) -> str:
    """Return before and after in the user's words."""
    return {"before": _("Before"), "after": _("After")}[side]


def sliceItem(tag: str, side: str, orientation: str, label: str, group: int) -> str:
    """Return a layout's item of one slice view."""
    return _SLICE.format(
        tag=tag, orientation=orientation, label=escape(label), colour=COLOURS[side], group=group
    )


def row(items: Sequence[str]) -> str:
    """Return a layout's row."""
    return f'<layout type="horizontal" split="true">{"".join(items)}</layout>'


class Layout:
    """Switches to one of the two layouts, and back."""

    def __init__(self) -> None:
        self._before: int | None = None

    def use(self, number: int, description: str) -> None:
        """Show the views of a look."""
        manager = slicer.app.layoutManager()
        node = manager.layoutLogic().GetLayoutNode()
        if not node.IsLayoutDescription(number):
            node.AddLayoutDescription(number, description)
        if manager.layout not in (VOLUMES, PICTURES):
            self._before = manager.layout
        if manager.layout != number:
            manager.setLayout(number)

    def giveBack(self) -> None:
        """Show the user's own layout again, unless the user has chosen another since."""
        manager = slicer.app.layoutManager()
        if manager is None:
            return
        if self._before is not None and manager.layout in (VOLUMES, PICTURES):
            manager.setLayout(self._before)
        self._before = None
