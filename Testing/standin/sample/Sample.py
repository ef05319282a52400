"""A module as small as a scripted module can be, to test the stand-in with."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import slicer
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import Choice, WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import *  # noqa: F403
from slicer.util import VTKObservationMixin


class Method(enum.Enum):
    """A choice with labels."""

    SMOOTH = "smooth"
    REMOVE = "remove"

    def label(self) -> str:
        """Return what the user reads."""
        return self.value.title()


@parameterNodeWrapper
class SampleParameters:
    """One field of each kind that can be bound."""

    volume: slicer.vtkMRMLScalarVolumeNode
    folder: Path
    reviewer: str = "nobody"
    keepAge: bool = True
    workers: Annotated[int, WithinRange(1, 8)] = 2
    method: Method = Method.SMOOTH
    policy: Annotated[str, Choice(["strict", "research"])] = "research"


class Sample(ScriptedLoadableModule):  # noqa: F405
    """Describes the module."""

    def __init__(self, parent: object) -> None:
        super().__init__(parent)
        self.parent.title = _("Sample")
        self.parent.categories = ["Testing"]


class SampleWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):  # noqa: F405
    """The panel."""

    def __init__(self, parent: object = None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)  # noqa: F405
        VTKObservationMixin.__init__(self)
        self.clicks = 0
        self.cleaned = False

    def setup(self) -> None:
        """Make the panel."""
        ScriptedLoadableModuleWidget.setup(self)  # noqa: F405
        widget = slicer.util.loadUI(self.resourcePath("UI/Sample.ui"))
        self.layout.addWidget(widget)
        self.ui = slicer.util.childWidgetVariables(widget)
        widget.setMRMLScene(slicer.mrmlScene)
        self.logic = SampleLogic()
        self.ui.applyButton.connect("clicked(bool)", self.onApply)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneClosed)
        self.bind()

    def bind(self) -> None:
        """Bind the parameter node to the panel."""
        self.parameters = self.logic.getParameterNode()
        self.tag = self.parameters.connectGui(self.ui)

    def onSceneClosed(self, caller: object, event: str) -> None:
        """Begin again with a fresh parameter node."""
        self.parameters.disconnectGui(self.tag)
        self.bind()

    def onApply(self) -> None:
        """Count."""
        self.clicks += 1

    def cleanup(self) -> None:
        """Let go."""
        self.removeObservers()
        self.cleaned = True


class SampleLogic(ScriptedLoadableModuleLogic):  # noqa: F405
    """The work."""

    def getParameterNode(self) -> SampleParameters:
        """Return the typed parameter node."""
        return SampleParameters(super().getParameterNode())
