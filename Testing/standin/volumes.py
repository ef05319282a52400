"""DICOM volumes into the scene, as Slicer's DICOMScalarVolumePlugin leaves them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import slicer


def load_volume(files: Sequence[str]) -> list[str]:
    """Load the files of one series as scalar volumes.

    Parameters
    ----------
    files : sequence of str
        Paths of its instances.

    Returns
    -------
    list of str
        Node IDs. Each node has ``DICOM.instanceUIDs`` in k-slice order and is under its patient and
        study in the subject hierarchy. Only what our own reader calls a volume is loaded.
    """
    from Clinic2CloudLib.dicom.series import find_series
    from Clinic2CloudLib.dicom.source import Source, disk_file
    from Clinic2CloudLib.dicom.volume import read_volumes

    every = [disk_file(Path(file), Path(file).name) for file in files]
    loaded: list[str] = []
    with Source("series", lambda aside: iter(every)) as source:
        for series in find_series(source).series:
            for volume in read_volumes(series).volumes:
                name = series.description or series.modality
                node = slicer.util.addVolumeFromArray(volume.values(), volume.ijk_to_ras, name)
                uids = [series.instances[s.instance].sop_instance_uid for s in volume.slices]
                node.SetAttribute("DICOM.instanceUIDs", " ".join(uids))
                _file_under(node, series.patient_name, series.study_uid, series.modality)
                loaded.append(node.GetID())
    return loaded


def _file_under(node: object, patient: str, study: str, modality: str) -> None:
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    scene_item = hierarchy.GetSceneItemID()
    patient_item = hierarchy.GetItemChildWithName(scene_item, patient)
    if not patient_item:
        patient_item = hierarchy.CreateSubjectItem(scene_item, patient)
    study_item = hierarchy.GetItemByUID("DICOM", study)
    if not study_item:
        study_item = hierarchy.CreateStudyItem(patient_item, "Study")
        hierarchy.SetItemUID(study_item, "DICOM", study)
    item = hierarchy.GetItemByDataNode(node) or hierarchy.CreateItem(study_item, node)
    hierarchy.SetItemParent(item, study_item)
    hierarchy.SetItemAttribute(item, "DICOM.Modality", modality)
