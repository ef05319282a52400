"""The README's tutorial of the panel: it can be followed, and its labels are on the screen."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import MODULE, REPOSITORY, run_panel
from panelmaker import cloud
from tutorial import Walk, quoted, text_of_tutorial

UI = MODULE.parent / "Resources" / "UI" / "Clinic2Cloud.ui"
SECTIONS = ["select", "deidentify", "review", "send", "results"]


@pytest.fixture
def empty(stand_in: None, tmp_path: Path, own_home: Path) -> Iterator[Any]:
    """The panel of a new user: there is no DICOM database yet."""
    yield from run_panel(tmp_path, None)


def is_there(label: str, seen: set[str]) -> bool:
    """Say whether a label was seen; of one that ends in dots, its beginning."""
    begins = label.removesuffix("...")
    return label in seen or (begins != label and any(text.startswith(begins) for text in seen))


def test_the_tutorial_can_be_followed_and_names_what_is_on_the_screen(
    empty: Any, head: Path, tmp_path: Path
) -> None:
    pictures: list[str] = []
    walk = Walk(empty, pictures.append)
    with cloud(tmp_path / "cloud") as running:
        walk.whole(head, running)
    assert pictures == SECTIONS
    labels = quoted()
    assert len(labels) > 25
    # What is seen only when something goes wrong is in the panel's own file.
    strings = {text.text or "" for text in ElementTree.parse(UI).iter("string")}
    assert [label for label in labels if not is_there(label, walk.seen | strings)] == []


def test_each_section_has_a_step_and_a_picture() -> None:
    text = text_of_tutorial()
    steps = re.findall(r"^\*\*(\d\. .+?)\*\*", text, re.M)
    assert steps == ["1. Select", "2. De-identify", "3. Review", "4. Send", "5. Results"]
    shown = re.findall(r"!\[.+?\]\((.+?)\)", text)
    assert shown == [f"Resources/Screenshots/panel_{section}.png" for section in SECTIONS]
    assert [path for path in shown if not (REPOSITORY / path).is_file()] == []
