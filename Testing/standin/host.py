"""The stand-in host: put ``qt``, ``ctk`` and ``slicer`` where a module of Slicer looks for them."""

from __future__ import annotations

import gc
import importlib.util
import os
import sys
import types
from pathlib import Path
from typing import Any

from .faults import listen_for_faults, qt_warnings, slot_errors

_state: dict[str, Any] = {}


def missing() -> str:
    """Return what the stand-in lacks to run here as one sentence; empty when it has everything."""
    try:
        import PySide6.QtWidgets
    except ModuleNotFoundError:
        return "PySide6 is not installed: pip install PySide6-Essentials"
    except ImportError as error:
        return f"PySide6 lacks a library ({error}): apt-get install libegl1 libxkbcommon0"
    if sys.version_info < (3, 12) and PySide6.__version_info__ >= (6, 12):
        # It takes None for immortal, which it is from Python 3.12 on: the process ends in an abort.
        return "PySide6 6.12 miscounts None on Python 3.11: pip install 'PySide6-Essentials<6.12'"
    if importlib.util.find_spec("slicer_core") is None:
        return "slicer-core is not installed: pip install slicer-core"
    return "" if PySide6.QtWidgets else "PySide6 is empty"


def install(*, main_window: bool = True, database: Path | None = None) -> Any:
    """Install the stand-in into this process.

    A second call keeps the application and starts over with an empty scene and the given database.

    Parameters
    ----------
    main_window : bool
        False as with Slicer's ``--no-main-window``: there is no layout manager. Decided by the
        first call.
    database : Path, optional
        A ``ctkDICOM.sql`` for ``slicer.dicomDatabase``.

    Returns
    -------
    module
        ``slicer``.
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
    if "slicer" not in _state:
        _state["slicer"] = _install(main_window)
    slicer = _state["slicer"]
    close_scene()
    # What Python's collector would end some day it ends here, under the test that left it behind:
    # an observer whose function was collected crashes the process at the node's next event.
    gc.collect()
    slot_errors.clear()
    qt_warnings.clear()
    from .dicomdatabase import ctkDICOMDatabase
    from .messages import dialogs
    from .packages import installs

    dialogs.clear()
    installs.clear()
    slicer.dicomDatabase = ctkDICOMDatabase(database)
    slicer.app._testing = False
    slicer.app.settings().clear()
    return slicer


def _install(main_window: bool) -> Any:
    import slicer
    from PySide6 import QtWidgets

    from .qtmodule import make_qt

    listen_for_faults()
    application = QtWidgets.QApplication.instance() or QtWidgets.QApplication(["Slicer"])
    application.setStyle("Fusion")
    sys.modules["qt"] = make_qt()
    from . import ctkwidgets, messages, parameternode, scripted, uiloader, views
    from .packages import make_packaging, make_torch_utils

    sys.modules["ctk"] = ctkwidgets.make_ctk()
    sys.modules["qt"].QUiLoader = uiloader.UiLoader
    for widget in uiloader.WIDGETS:
        if widget.__name__.startswith("q"):
            setattr(slicer, widget.__name__, widget)
    slicer.qSlicerScriptedLoadableModule = scripted.qSlicerScriptedLoadableModule
    scene = slicer.vtkMRMLScene()
    slicer.mrmlScene = scene
    logic = _application_logic(scene)
    views.register_managers(logic)
    from .application import Application

    slicer.app = Application(application, main_window)
    slicer.modules = types.SimpleNamespace()
    slicer.selfTests = {}
    slicer.i18n = _i18n()
    slicer.app._start(scene, logic)
    slicer.modules.volumerendering = _volume_rendering(scene, logic, Path(slicer.app.slicerHome))
    messages.replace_displays(slicer.util)
    _follow_in_subject_hierarchy(scene)
    from .dicomdatabase import make_dicomlib

    library = make_dicomlib()
    sys.modules.update(
        {
            "slicer.i18n": slicer.i18n,
            "slicer.packaging": make_packaging(),
            "slicer.parameterNodeWrapper": parameternode.make_module(),
            "slicer.ScriptedLoadableModule": scripted.make_module(),
            "DICOMLib": library,
            "DICOMLib.DICOMUtils": library.DICOMUtils,
            "PyTorchUtils": make_torch_utils(),
        }
    )
    slicer.packaging = sys.modules["slicer.packaging"]
    return slicer


def _application_logic(scene: Any) -> Any:
    import slicer
    import vtk

    logic = slicer.vtkSlicerApplicationLogic()
    logic.SetMRMLScene(scene)
    logic.SetSliceLogics(vtk.vtkCollection())
    logic.SetViewLogics(vtk.vtkCollection())
    colors = logic.GetColorLogic()
    colors.SetMRMLScene(scene)
    colors.AddDefaultColorNodes()
    return logic


def _volume_rendering(scene: Any, application_logic: Any, home: Path) -> Any:
    import slicer

    share = home / "share" / "VolumeRendering"
    share.mkdir(parents=True, exist_ok=True)
    from .presets import write_presets

    write_presets(share / "presets.xml")
    logic = slicer.vtkSlicerVolumeRenderingLogic()
    logic.SetModuleShareDirectory(str(share))
    logic.SetMRMLApplicationLogic(application_logic)
    logic.SetMRMLScene(scene)
    application_logic.SetModuleLogic("VolumeRendering", logic)
    logic.ChangeVolumeRenderingMethod("vtkMRMLGPURayCastVolumeRenderingDisplayNode")
    return types.SimpleNamespace(name="VolumeRendering", logic=lambda: logic)


def _i18n() -> types.ModuleType:
    module = types.ModuleType("slicer.i18n", "Texts are not translated here")
    module.tr = lambda text, context=None, *rest: text
    module.translate = lambda context, text, *rest: text
    module.getContext = lambda path: Path(path).stem
    return module


def _follow_in_subject_hierarchy(scene: Any) -> None:
    """Give every shown node an item, which in Slicer the plugin logic does."""
    import slicer
    import vtk

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def added(caller: Any, event: str, node: Any) -> None:
        shown = node.IsA("vtkMRMLDisplayableNode") or node.IsA("vtkMRMLTableNode")
        if shown and not node.GetHideFromEditors() and not scene.IsImporting():
            hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
            if not hierarchy.GetItemByDataNode(node):
                hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def removed(caller: Any, event: str, node: Any) -> None:
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
        item = hierarchy.GetItemByDataNode(node) if hierarchy is not None else 0
        if item:
            hierarchy.RemoveItem(item, False, False)

    _state["observers"] = (added, removed)
    scene.AddObserver(slicer.vtkMRMLScene.NodeAddedEvent, added)
    scene.AddObserver(slicer.vtkMRMLScene.NodeRemovedEvent, removed)


def close_scene() -> None:
    """Close the scene as File > Close Scene does."""
    import slicer

    slicer.mrmlScene.Clear(False)
    process_events()


def process_events() -> None:
    """Let the event loop do what is waiting, deletions too."""
    from PySide6 import QtCore, QtWidgets

    QtWidgets.QApplication.processEvents()
    QtWidgets.QApplication.sendPostedEvents(None, QtCore.QEvent.Type.DeferredDelete.value)


def screenshot(widget: Any, path: Path | None = None, *, draw: bool = True) -> Any:
    """Take a picture of a widget; its 3D and slice views are drawn first.

    Parameters
    ----------
    widget : QWidget
        What to show; it must be shown already or is shown now.
    path : Path, optional
        Where to write a PNG.
    draw : bool
        Whether views that changed are drawn.

    Returns
    -------
    QPixmap
        The picture.
    """
    from .drawing import DrawnView

    widget.show()
    process_events()
    if draw:
        for view in widget.findChildren(DrawnView):
            if view.needs_render and view.visible:
                view.forceRender()
    process_events()
    picture = widget.grab()
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(str(path))
    return picture
