"""What the panel puts into the MRML scene: volumes, segmentations, tables, and where they hang."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import slicer
from slicer.i18n import tr as _

#: Attributes that tell our nodes from the user's own.
CASE_ATTRIBUTE = "Clinic2Cloud.Case"
ROLE_ATTRIBUTE = "Clinic2Cloud.Role"


def addVolume(name: str, values: Any, ijkToRas: Any, case: str, role: str) -> Any:
    """Add a volume; an earlier one of the same case and role makes way.

    Parameters
    ----------
    values : numpy.ndarray
        Shape (K, J, I), or (K, J, I, 3) for colour; kept by reference where its type allows.
    ijkToRas : array
        4 x 4, mm.
    """
    kind = "vtkMRMLScalarVolumeNode" if values.ndim == 3 else "vtkMRMLVectorVolumeNode"
    return _addImage(kind, name, values, ijkToRas, case, role)


def addLabelMap(name: str, values: Any, ijkToRas: Any, case: str, role: str, colour: Any) -> Any:
    """Add a label map of 0 and 1 whose 1 is shown in a colour (0 to 1, RGB)."""
    node = _addImage("vtkMRMLLabelMapVolumeNode", name, values, ijkToRas, case, role)
    colours = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLColorTableNode", f"{name} colour")
    colours.SetTypeToUser()
    colours.SetNumberOfColors(2)
    colours.SetColor(0, "outside", 0, 0, 0, 0)
    colours.SetColor(1, name, *colour, 1)
    _mark(colours, case, f"{role} colour")
    node.GetDisplayNode().SetAndObserveColorNodeID(colours.GetID())
    return node


def _addImage(kind: str, name: str, values: Any, ijkToRas: Any, case: str, role: str) -> Any:
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk

    removeNodes(case, role)
    image = vtk.vtkImageData()
    image.SetDimensions(*values.shape[2::-1])
    elements = values.reshape(-1) if values.ndim == 3 else values.reshape(-1, values.shape[3])
    scalars = numpy_to_vtk(elements, deep=False)
    image.GetPointData().SetScalars(scalars)
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy([float(v) for row in ijkToRas for v in row])
    node = slicer.mrmlScene.CreateNodeByClass(kind)
    node.UnRegister(None)
    node.SetName(slicer.mrmlScene.GenerateUniqueName(name))
    node.SetIJKToRASMatrix(matrix)
    node.SetAndObserveImageData(image)
    _mark(node, case, role)
    slicer.mrmlScene.AddNode(node)
    node.CreateDefaultDisplayNodes()
    return node


def _mark(node: Any, case: str, role: str) -> None:
    # A look at a case is no work to keep, and the original must not get into a shared scene file.
    node.SetSaveWithScene(role.startswith("result"))
    node.SetAttribute(CASE_ATTRIBUTE, case)
    node.SetAttribute(ROLE_ATTRIBUTE, role)


def ownNodes(case: str | None = None, role: str | None = None) -> list[Any]:
    """Return the nodes that the panel made, of one case and role or of all."""
    found = []
    scene = slicer.mrmlScene
    for index in range(scene.GetNumberOfNodes()):
        node = scene.GetNthNode(index)
        if node.GetAttribute(CASE_ATTRIBUTE) is None:
            continue
        if case in (None, node.GetAttribute(CASE_ATTRIBUTE)) and role in (
            None,
            node.GetAttribute(ROLE_ATTRIBUTE),
        ):
            found.append(node)
    return found


def removeNodes(case: str | None = None, role: str | None = None) -> None:
    """Remove nodes that the panel made."""
    for node in ownNodes(case, role):
        slicer.mrmlScene.RemoveNode(node)


def removeLook(case: str) -> None:
    """Remove what the look at a case put into the scene; of every case where none is named."""
    for role in ("before", "after", "changed", "changed colour", "rendering"):
        removeNodes(case or None, role)


def holdsLook(case: str, volumes: int) -> bool:
    """Whether the volumes of a look, after and where there are two before, are in the scene."""
    return all(ownNodes(case, role) for role in ("after", "before")[:volumes])


def addSegmentation(
    name: str, segments: Sequence[Mapping[str, Any]], ijkToRas: Any, case: str, role: str
) -> Any:
    """Add a segmentation; each segment has ``values`` (K, J, I), ``name`` and ``colour``."""
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk

    removeNodes(case, role)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    _mark(node, case, role)
    node.CreateDefaultDisplayNodes()
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy([float(v) for row in ijkToRas for v in row])
    for number, given in enumerate(segments, 1):
        image = slicer.vtkOrientedImageData()
        image.SetDimensions(*given["values"].shape[::-1])
        image.GetPointData().SetScalars(numpy_to_vtk(given["values"].reshape(-1), deep=True))
        image.SetImageToWorldMatrix(matrix)
        segment = slicer.vtkSegment()
        segment.SetName(given["name"])
        segment.SetColor(*given["colour"])
        segment.AddRepresentation("Binary labelmap", image)
        node.GetSegmentation().AddSegment(segment, f"Segment_{number}")
    return node


def addTable(name: str, rows: Sequence[Sequence[str]], case: str, role: str) -> Any:
    """Add a table of measurements: name, value, unit."""
    import vtk

    removeNodes(case, role)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", name)
    _mark(node, case, role)
    titles = (_("Measurement"), _("Value"), _("Unit"))
    for column, title in enumerate(titles):
        values = vtk.vtkStringArray()
        values.SetName(title)
        for row in rows:
            values.InsertNextValue(row[column])
        node.AddColumn(values)
    node.SetUseColumnTitleAsColumnHeader(True)
    return node


def studyItem(patientId: str, studyUid: str, case: str) -> int:
    """Return the subject hierarchy item of a case's study; made under its patient when missing.

    The patient is the pseudonym and the UID the new one: the item never says who it is.
    """
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    dicom = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMUIDName()
    item = hierarchy.GetItemByUID(dicom, studyUid)
    if item:
        return item
    patient = hierarchy.GetItemByUID(dicom, patientId)
    if not patient:
        patient = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), patientId)
        hierarchy.SetItemUID(patient, dicom, patientId)
    item = hierarchy.CreateStudyItem(patient, case)
    hierarchy.SetItemUID(item, dicom, studyUid)
    return item


def hangUnder(item: int, nodes: Sequence[Any]) -> None:
    """Move nodes under a subject hierarchy item."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    for node in nodes:
        own = hierarchy.GetItemByDataNode(node)
        if own:
            hierarchy.SetItemParent(own, item)
