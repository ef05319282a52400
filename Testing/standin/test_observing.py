"""A callback for VTK neither keeps its object alive nor outlives it."""

from __future__ import annotations

import gc
import weakref

from Testing.standin.observing import Weakly
from vtkmodules.vtkCommonCore import vtkCollection, vtkObject


class Listener:
    def __init__(self, node: vtkObject) -> None:
        self.node, self.heard = node, 0
        node.AddObserver("ModifiedEvent", Weakly(self.hear))

    def hear(self) -> None:
        self.heard += 1


def test_it_calls_while_the_object_lives() -> None:
    listener = Listener(vtkObject())
    listener.node.Modified()
    assert listener.heard == 1


def test_it_is_silent_once_the_object_is_gone() -> None:
    held_by_vtk = vtkCollection()
    listener = Listener(vtkObject())
    held_by_vtk.AddItem(listener.node)
    gone = weakref.ref(listener)
    del listener
    gc.collect()
    assert gone() is None
    held_by_vtk.GetItemAsObject(0).Modified()
