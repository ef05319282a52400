"""Clinic2Cloud: de-identify in the clinic, see what leaves, process in the cloud, load the results.

The module file is thin: the work is the library's (Clinic2CloudLib), the panel's sections are in
Clinic2CloudWidgets. Nothing heavy is imported here, and nothing is installed before it is used.
"""

import enum
import pathlib
import sys
from typing import Any

import slicer
from slicer import vtkMRMLScalarVolumeNode
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import parameterNodeWrapper
from slicer.ScriptedLoadableModule import *  # noqa: F403 - as every Slicer module does
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

from Clinic2CloudWidgets.scripting import Scripting


def findLibrary() -> None:
    """Make Clinic2CloudLib importable: beside this file, or one folder up in a checkout."""
    try:
        import Clinic2CloudLib  # noqa: F401
    except ModuleNotFoundError:
        sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))


class Clinic2Cloud(ScriptedLoadableModule):
    """What Slicer shows of the module."""

    def __init__(self, parent: Any) -> None:
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("Clinic2Cloud")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Informatics")]
        self.parent.dependencies = ["DICOM", "VolumeRendering", "Segmentations", "SubjectHierarchy"]
        self.parent.contributors = ["Clinic2Cloud contributors"]
        self.parent.helpText = _(
            "Takes names, burned-in text and faces out of DICOM series on this computer, shows "
            "before and after side by side, and sends to the cloud only what a person approved.\n"
            "1 Tick series. 2 De-identify. 3 Look from all angles and decide. 4 Send. "
            "5 Load results."
        )
        self.parent.acknowledgementText = _("Clinic2Cloud is no medical device.")


class HeaderPolicy(enum.Enum):
    """What is removed from headers; the values are the library's names."""

    RESEARCH = "research"
    KEEP_DATES = "keep-dates"
    STRICT = "strict"
    OWN = "file"

    def label(self) -> str:
        """What the user reads."""
        return {
            "research": _("Research: cleaned descriptions, shifted dates"),
            "keep-dates": _("Research with the original dates"),
            "strict": _("Strict: the basic profile alone"),
            "file": _("A policy file of your site"),
        }[self.value]


class FaceMethod(enum.Enum):
    """How a face is replaced; the values are the library's names."""

    AUTO = "auto"
    SMOOTH = "smooth"
    REMOVE = "remove"
    REFACE = "reface"
    OFF = "off"

    def label(self) -> str:
        """What the user reads."""
        return {
            "auto": _("Automatic (the best there is)"),
            "smooth": _("Fill with a smoothed surface"),
            "remove": _("Remove"),
            "reface": _("Replace by an average face"),
            "off": _("Leave in place (needs a note)"),
        }[self.value]


@parameterNodeWrapper
class Clinic2CloudParameterNode:
    """What is saved with the scene; never a destination, a token or a name of a patient."""

    sceneVolume: vtkMRMLScalarVolumeNode
    policy: HeaderPolicy = HeaderPolicy.RESEARCH
    keepAge: bool = False
    keepSex: bool = False
    keepWeight: bool = False
    keepSize: bool = False
    keepDevice: bool = False
    face: FaceMethod = FaceMethod.AUTO
    casesFolder: pathlib.Path = pathlib.Path.home() / "Clinic2Cloud" / "cases"
    reviewer: str = ""


class Clinic2CloudWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel; its sections are in Clinic2CloudWidgets."""

    def __init__(self, parent: Any = None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self.panel = None
        self._parameterNode = None
        self._parameterNodeGuiTag = None

    def setup(self) -> None:
        """Make the widgets and start the sections."""
        ScriptedLoadableModuleWidget.setup(self)
        findLibrary()
        from Clinic2CloudWidgets.panel import Panel

        uiWidget = slicer.util.loadUI(self.resourcePath("UI/Clinic2Cloud.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = Clinic2CloudLogic()
        self.panel = Panel(uiWidget, self.ui, self.logic)
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(scene, scene.NodeAboutToBeRemovedEvent, self.onNodeRemoved)
        self.initializeParameterNode()

    def cleanup(self) -> None:
        """End all work; the panel goes away or is reloaded."""
        self.removeObservers()
        self.setParameterNode(None)
        if self.panel is not None:
            self.panel.close()
            self.panel = None

    def enter(self) -> None:
        """Show what is there now."""
        self.initializeParameterNode()
        self.panel.enter()

    def exit(self) -> None:
        """Stop asking the server while nobody looks; work that was started goes on."""
        self.panel.exit()

    def onReload(self) -> None:
        """Reload the sections with the module file, for developers."""
        self.cleanup()
        for name in [n for n in sys.modules if n.split(".")[0] == "Clinic2CloudWidgets"]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)

    def onSceneStartClose(self, caller: Any, event: Any) -> None:
        """Let go of nodes that are about to go; what was chosen stays for the next scene."""
        self.logic.keepChoices()
        self.setParameterNode(None)
        self.panel.sceneCloses()

    def onSceneEndClose(self, caller: Any, event: Any) -> None:
        """Start over in the empty scene."""
        if getattr(self.parent, "isEntered", True):
            self.initializeParameterNode()

    def onNodeRemoved(self, caller: Any, event: Any, node: Any = None) -> None:
        """Say so when a volume that is being looked at was deleted."""
        if self.panel is not None:
            self.panel.nodeRemoved()

    def initializeParameterNode(self) -> None:
        """Bind the panel to the scene's parameter node."""
        self.setParameterNode(self.logic.getParameterNode())

    def setParameterNode(self, node: Any) -> None:
        """Bind the panel to a parameter node, or to none."""
        if self._parameterNode is not None:
            self._parameterNode.disconnectGui(self._parameterNodeGuiTag)
            self.removeObservers(self.onParameterNodeModified)
        self._parameterNode = node
        if self.panel is not None:
            self.panel.parameters = node
        if node is not None:
            self._parameterNodeGuiTag = node.connectGui(self.ui)
            self.addObserver(node.parameterNode, "ModifiedEvent", self.onParameterNodeModified)
            self.onParameterNodeModified()

    def onParameterNodeModified(self, caller: Any = None, event: Any = None) -> None:
        """Bring the sections up to date."""
        if self.panel is not None and self._parameterNode is not None:
            self.panel.parametersChanged()


class Clinic2CloudLogic(ScriptedLoadableModuleLogic, Scripting):
    """Everything the panel does, from the Python console and with ``--no-main-window`` too."""

    def __init__(self) -> None:
        ScriptedLoadableModuleLogic.__init__(self)
        Scripting.__init__(self)
        self._choices: dict[str, Any] = {}
        findLibrary()

    def getParameterNode(self) -> Clinic2CloudParameterNode:
        """Return the typed parameter node of the scene; a new scene begins with what was chosen."""
        node = super().getParameterNode()
        isNew = node.GetParameterCount() == 0
        parameters = Clinic2CloudParameterNode(node)
        for name, value in self._chosen().items() if isNew else ():
            setattr(parameters, name, value)
        return parameters

    def keepChoices(self) -> None:
        """Keep what was chosen in this scene for the next; else a strict policy would fall back."""
        parameters = self.getParameterNode()
        names = [name for name in parameters.allParameters if name != "sceneVolume"]
        self._choices = {name: getattr(parameters, name) for name in names}

    def _chosen(self) -> dict[str, Any]:
        """Return the choices of the scene before, or the folder of the session before."""
        folder = slicer.app.settings().value("Clinic2Cloud/CasesFolder", "")
        return self._choices or ({"casesFolder": pathlib.Path(folder)} if folder else {})


class Clinic2CloudTest(ScriptedLoadableModuleTest):
    """Slicer's self test: a head of our own making from series to case to preview."""

    def runTest(self) -> None:
        """Run as few or as many tests as needed here."""
        slicer.mrmlScene.Clear(0)
        self.test_deidentifyAndShow()

    def test_deidentifyAndShow(self) -> None:
        """De-identify an invented head; its face is found, nothing is approved by itself."""
        import os
        import tempfile

        findLibrary()
        from Clinic2CloudLib.cases.policy import load_policy
        from Clinic2CloudLib.demo.head import write_head_series
        from Clinic2CloudLib.steps.plan import plan_source

        with tempfile.TemporaryDirectory() as folder:
            home = os.environ.get("CLINIC2CLOUD_HOME")
            os.environ["CLINIC2CLOUD_HOME"] = str(pathlib.Path(folder) / "home")
            try:
                source = write_head_series(pathlib.Path(folder) / "source", size="small")
                uid = plan_source(source, load_policy()).series[0].series.uid
                logic = Clinic2CloudLogic()
                cases = pathlib.Path(folder) / "cases"
                case = logic.deidentifySeries(uid, source=source, folder=cases)
                self.assertEqual(case.state, "verified")
                self.assertEqual(case.face["status"], "found")
                nodes = logic.showPreview(case, source)
                self.assertIn("before", nodes)
                self.assertIn("changed", nodes)
                self.assertEqual(logic.approve(case, "Self Test", "test").state, "approved")
            finally:
                if home is None:
                    del os.environ["CLINIC2CLOUD_HOME"]
                else:
                    os.environ["CLINIC2CLOUD_HOME"] = home
        self.delayDisplay("Test passed")
