"""What is chosen before something is sent: the token in the keyring, a pipeline's options."""

from __future__ import annotations

import sys
import types
from typing import Any

import pytest

from Testing import standin

SERVER = "https://cloud.example/dicom-web"


class RefusedError(Exception):
    """What a keyring raises."""


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str]:
    """A keyring in memory."""
    kept: dict[tuple[str, str], str] = {}
    module, errors = types.ModuleType("keyring"), types.ModuleType("keyring.errors")
    module.set_password = lambda service, name, word: kept.update({(service, name): word})  # type: ignore[attr-defined]
    module.get_password = lambda service, name: kept.get((service, name))  # type: ignore[attr-defined]
    errors.KeyringError = RefusedError  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", module)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    return kept


def store(driver: Any, token: str) -> str:
    """Type a token into the dialog; return what the panel says."""
    standin.dialogs.will_answer("getText", token)
    driver.ui.tokenButton.click()
    return str(driver.ui.sendStatus.text)


def test_a_token_goes_into_the_systems_keyring_and_nowhere_else(
    driver: Any, keyring: dict[tuple[str, str], str]
) -> None:
    from Clinic2CloudLib.cloud.destination import keyring_token

    driver.ui.destinationEdit.setText(SERVER)
    assert "is in the keyring" in store(driver, "s3cret-token")
    assert list(keyring.values()) == ["s3cret-token"]
    assert keyring_token(SERVER) == "s3cret-token"
    settings = driver.slicer.app.settings()
    shown = [w.text for w in driver.ui.Clinic2Cloud.findChildren(type(driver.ui.destinationEdit))]
    stored = [str(settings.value(key)) for key in settings.allKeys()]
    assert "s3cret-token" not in " ".join(stored + shown)


def test_a_token_that_no_header_can_carry_is_refused(
    driver: Any, keyring: dict[tuple[str, str], str]
) -> None:
    driver.ui.destinationEdit.setText(SERVER)
    assert "no token has" in store(driver, "two words")
    assert keyring == {}


def test_without_a_keyring_a_token_file_is_asked_for(
    driver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    driver.ui.destinationEdit.setText(SERVER)
    assert "use a token file" in store(driver, "s3cret-token")


def test_a_pipelines_options_are_what_the_server_says(driver: Any) -> None:
    import qt

    def option(name: str, kind: str, default: Any, **more: Any) -> dict[str, Any]:
        return {"name": name, "kind": kind, "default": default, "help": f"about {name}", **more}

    ui, server = driver.ui, driver.panel.send.server
    options = [
        option("segmentation", "bool", True),
        option("rounds", "int", 3),
        option("spacing", "float", 1.5),
        option("atlas", "choice", "adult", choices=["child", "adult"]),
        option("note_to_self", "text", ""),
    ]
    offer = {"name": "p", "title": "A pipeline", "description": "what it does", "options": options}
    server._offered([offer])
    assert ui.pipelineComboBox.currentText == "Only store"
    assert server.options.values() == {}
    ui.pipelineComboBox.setCurrentIndex(1)
    widgets = {
        o["name"]: ui.optionsWidget.findChild(qt.QWidget, f"option_{o['name']}") for o in options
    }
    assert {name: widget.toolTip for name, widget in widgets.items()} == {
        o["name"]: o["help"] for o in options
    }
    widgets["segmentation"].setChecked(False)
    widgets["rounds"].setValue(5)
    widgets["atlas"].setCurrentText("child")
    widgets["note_to_self"].setText("x")
    assert server.options.values() == {
        "segmentation": "false", "rounds": "5", "spacing": "1.5", "atlas": "child",
        "note_to_self": "x",
    }  # fmt: skip
    server._offered([offer])
    assert ui.pipelineComboBox.currentText == "A pipeline", "what was chosen stays chosen"
