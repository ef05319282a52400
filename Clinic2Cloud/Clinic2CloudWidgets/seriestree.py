"""The tree of patients, studies and series: how a row is put in, and the filter."""

from __future__ import annotations

from typing import Any

import qt
from slicer.i18n import tr as _

NAME, KIND, IMAGES, PLAN = range(4)


def addSeries(tree: Any, row: dict) -> Any:
    """Add a series under its patient and study and return its item, which can be ticked."""
    who, number = row["patient_name"] or "?", row["patient_id"] or _("no ID")
    patient = _group(tree, None, row["patient_id"], f"{who}  ({number})")
    what = row["study_description"] or _("Study without description")
    study = _group(tree, patient, row["study_uid"], what)
    item = qt.QTreeWidgetItem(study)
    item.setText(NAME, row["description"] or _("Series without description"))
    item.setToolTip(NAME, item.text(NAME))
    item.setText(KIND, row["modality"])
    item.setText(IMAGES, str(row["instances"]))
    item.setData(NAME, qt.Qt.UserRole, row["uid"])
    item.setFlags(item.flags() | qt.Qt.ItemIsUserCheckable)
    item.setCheckState(NAME, qt.Qt.Unchecked)
    return item


def _group(tree: Any, parent: Any, key: str, text: str) -> Any:
    """Return the patient's or study's item, which ticks all below it; made when it is new."""
    if parent is None:
        siblings = [tree.topLevelItem(i) for i in range(tree.topLevelItemCount)]
    else:
        siblings = [parent.child(i) for i in range(parent.childCount())]
    for item in siblings[::-1]:
        if item.data(NAME, qt.Qt.UserRole) == key and item.text(NAME) == text:
            return item
    item = qt.QTreeWidgetItem(tree if parent is None else parent)
    item.setText(NAME, text)
    item.setData(NAME, qt.Qt.UserRole, key)
    item.setFlags(item.flags() | qt.Qt.ItemIsUserCheckable | qt.Qt.ItemIsAutoTristate)
    item.setCheckState(NAME, qt.Qt.Unchecked)
    item.setFirstColumnSpanned(True)
    item.setExpanded(True)
    return item


def applyFilter(tree: Any, text: str) -> None:
    """Show the series that hold all words in their own, their study's or their patient's text."""
    words = text.lower().split()
    for p in range(tree.topLevelItemCount):
        patient = tree.topLevelItem(p)
        shown = False
        for s in range(patient.childCount()):
            study = patient.child(s)
            above = f"{patient.text(NAME)} {study.text(NAME)}"
            here = False
            for n in range(study.childCount()):
                item = study.child(n)
                own = f"{above} {item.text(NAME)} {item.text(KIND)}".lower()
                fits = all(word in own for word in words)
                item.setHidden(not fits)
                here = here or fits
            study.setHidden(not here)
            shown = shown or here
        patient.setHidden(not shown)
