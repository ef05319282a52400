"""A case of several volumes: each is shown, and has to be, before the case may leave."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import run_panel

from Clinic2CloudLib.cases.case import load_case
from Testing.twoechoes import write_two_echoes


@pytest.fixture
def echoes(stand_in: None, head: Path, tmp_path: Path, own_home: Path) -> Iterator[Any]:
    """The panel with a verified case of two volumes."""
    from Clinic2CloudLib.steps.check import check_case
    from Clinic2CloudLib.steps.deidentify import deidentify
    from Clinic2CloudLib.steps.site import open_site

    source, cases = write_two_echoes(head, tmp_path / "dicom"), tmp_path / "cases"
    made = deidentify(source, cases, open_site(cases))
    assert made.series[0].case is not None
    check_case(made.series[0].case.folder)
    yield from run_panel(tmp_path, source)


def test_every_volume_is_shown_before_the_case_may_leave(echoes: Any) -> None:
    from Clinic2CloudWidgets import scene

    ui, review = echoes.ui, echoes.panel.review
    (folder,) = echoes.cases.iterdir()
    review.present(folder)
    echoes.look()
    ui.noteEdit.setText("looked at both")
    assert ui.volumeComboBox.isVisibleTo(ui.volumeComboBox.parentWidget())
    assert [ui.volumeComboBox.itemText(i) for i in range(2)] == ["Volume 1 of 2 ✓", "Volume 2 of 2"]
    assert not ui.approveButton.enabled
    assert "other volumes of this series too: 2" in ui.approveButton.toolTip
    first = echoes.slicer.util.arrayFromVolume(scene.ownNodes(folder.name, "before")[0]).max()
    ui.volumeComboBox.setCurrentIndex(1)
    ui.volumeComboBox.activated.emit(1)
    assert not ui.approveButton.enabled, "not while it is being read"
    echoes.until(lambda: review.shown)
    second = echoes.slicer.util.arrayFromVolume(scene.ownNodes(folder.name, "before")[0]).max()
    assert sorted((first, second))[0] < 0.6 * max(first, second)
    assert ui.noteEdit.text == "looked at both"
    assert ui.approveButton.enabled, ui.approveButton.toolTip
    ui.approveButton.click()
    echoes.until(lambda: load_case(folder).state == "approved")


def test_the_sides_of_another_volume_do_not_count_for_the_largest(echoes: Any) -> None:
    ui, review = echoes.ui, echoes.panel.review
    (folder,) = echoes.cases.iterdir()
    review.present(folder)
    echoes.until(lambda: review.shown)
    ui.volumeComboBox.activated.emit(1)
    echoes.until(lambda: review.shown)
    for angle in review.angles._buttons:
        getattr(ui, f"{angle}_Button").click()
    assert "other angles" in review.lacking()


def test_of_a_long_row_of_volumes_first_middle_and_last_have_to_be_seen() -> None:
    from Clinic2CloudWidgets.look import wantedVolumes

    assert wantedVolumes(0) == []
    assert wantedVolumes(3) == [0, 1, 2]
    assert wantedVolumes(60) == [0, 30, 59]
