"""The arrangement of views that a layout description asks for, as ctkLayoutManager makes it."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QSplitter, QTabWidget, QWidget

Finder = Callable[[str, str], "QWidget | None"]


def arrange(description: str, find: Finder) -> QWidget:
    """Make the widget that holds a layout's views.

    Parameters
    ----------
    description : str
        The layout's XML: ``layout`` elements of type horizontal, vertical, grid or tab with
        ``item`` elements, each with a ``layout`` or a ``view``.
    find : callable
        ``find(class, singletontag)`` returns the widget of a view, or None for a kind that the
        stand-in does not have (tables, plots).
    """
    root = ElementTree.fromstring(description)
    return _layout(root, find)


def _layout(element: Any, find: Finder) -> QWidget:
    kind = element.get("type", "horizontal")
    if kind == "grid":
        return _grid(element, find)
    if kind == "tab":
        tabs = QTabWidget()
        for item in element.findall("item"):
            widget = _content(item, find)
            if widget is not None:
                tabs.addTab(widget, item.get("name", ""))
        return tabs
    upright = kind == "vertical"
    splitter = QSplitter(Qt.Orientation.Vertical if upright else Qt.Orientation.Horizontal)
    sizes = []
    for item in element.findall("item"):
        widget = _content(item, find)
        if widget is not None:
            splitter.addWidget(widget)
            sizes.append(int(item.get("splitSize", "500")))
    # Qt shares the room in the proportion of the sizes; the widgets have no say in it.
    for index, size in enumerate(sizes):
        splitter.setStretchFactor(index, size)
    splitter.setSizes(sizes)
    return splitter


def _grid(element: Any, find: Finder) -> QWidget:
    holder = QWidget()
    grid = QGridLayout(holder)
    grid.setContentsMargins(0, 0, 0, 0)
    for item in element.findall("item"):
        widget = _content(item, find)
        if widget is not None:
            place = [int(item.get(name, "0")) for name in ("row", "column")]
            span = [int(item.get(name, "1")) for name in ("rowspan", "colspan")]
            grid.addWidget(widget, *place, *span)
    return holder


def _content(item: Any, find: Finder) -> QWidget | None:
    inner = item.find("layout")
    if inner is not None:
        return _layout(inner, find)
    view = item.find("view")
    if view is None:
        return None
    widget = find(view.get("class", ""), view.get("singletontag", ""))
    if widget is not None:
        widget.setVisible(True)
    return widget
