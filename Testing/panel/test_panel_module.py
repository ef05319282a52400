"""The module as Slicer sees it: light, complete, bound, reloadable, usable without a window."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from conftest import LACKING, MODULE, REPOSITORY

from Clinic2CloudLib.cases.policy import FACE_METHODS, READY

UI = MODULE.parent / "Resources" / "UI" / "Clinic2Cloud.ui"
WIDGETS = MODULE.parent / "Clinic2CloudWidgets"


def in_fresh_process(code: str, folder: Path) -> str:
    """Run code in a Python of its own and return what it prints."""
    script = folder / "script.py"
    script.write_text(textwrap.dedent(code))
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_importing_the_module_file_is_quick_and_light(tmp_path: Path) -> None:
    if LACKING:
        pytest.skip(LACKING)
    said = in_fresh_process(
        f"""
        import importlib.util, os, sys, time
        from Testing import standin
        standin.install(main_window=False)
        sys.path.insert(0, {str(MODULE.parent)!r})  # as Slicer does with a module's folder
        before = set(sys.modules)
        spec = importlib.util.spec_from_file_location("Clinic2Cloud", {str(MODULE)!r})
        module = importlib.util.module_from_spec(spec)
        sys.modules["Clinic2Cloud"] = module
        start = time.process_time()
        spec.loader.exec_module(module)
        print(1000 * (time.process_time() - start))
        print(*sorted({{name.split(".")[0] for name in set(sys.modules) - before}}))
        sys.stdout.flush()
        os._exit(0)
        """,
        tmp_path,
    ).splitlines()
    assert float(said[0]) <= 50, f"{said[0]} ms"
    heavy = {"pydicom", "scipy", "SimpleITK", "torch", "requests", "highdicom", "Clinic2CloudLib"}
    assert not heavy & set(said[1].split())


def test_every_bound_widget_names_a_field_and_every_field_a_widget(driver: Any) -> None:
    named = {
        found.findtext("string")
        for found in ElementTree.parse(UI).iter("property")
        if found.get("name") == "SlicerParameterName"
    }
    assert named == set(type(driver.panel.parameters).allParameters)
    text = UI.read_text()
    assert len(re.findall("SlicerParameterName", text)) == len(named)


def test_sections_come_in_the_order_of_the_work() -> None:
    titles = [
        widget.find("property[@name='text']/string").text  # type: ignore[union-attr]
        for widget in ElementTree.parse(UI).iter("widget")
        if widget.get("class") == "ctkCollapsibleButton"
    ]
    assert titles == ["1. Select", "2. De-identify", "3. Review", "4. Send", "5. Results"]


def test_every_button_and_field_says_what_it_does() -> None:
    kinds = {"QPushButton", "QCheckBox", "QComboBox", "QLineEdit", "ctkPathLineEdit", "QTreeWidget"}
    told_by_state = {"approveButton", "rejectButton", "uploadButton"}
    silent = [
        widget.get("name")
        for widget in ElementTree.parse(UI).iter("widget")
        if widget.get("class") in kinds
        and widget.get("name") not in told_by_state
        and not widget.findtext("property[@name='toolTip']/string")
    ]
    assert silent == []


def test_every_word_is_translated_before_it_is_filled_in() -> None:
    for path in [MODULE, *WIDGETS.glob("*.py")]:
        assert not re.search(r"_\(\s*f[\"']", path.read_text()), path.name


def test_the_chooser_offers_what_the_library_knows(driver: Any) -> None:
    module = sys.modules["Clinic2Cloud"]
    assert tuple(member.value for member in module.FaceMethod if member) != ()
    assert {member.value for member in module.FaceMethod} == set(FACE_METHODS)
    assert {member.value for member in module.HeaderPolicy} == {*READY, "file"}
    assert driver.ui.policyComboBox.itemText(0).startswith("Research")


def test_reloading_in_the_middle_of_work_ends_it_and_starts_afresh(driver: Any) -> None:
    from Testing import standin

    driver.listed()
    driver.panel.select.tick(next(iter(driver.panel.select.items)))
    driver.ui.applyButton.click()
    worker = driver.panel.deidentify.worker
    again = standin.reload_module("Clinic2Cloud")
    assert standin.run_until(lambda: worker._process.poll() is not None, 15)
    again.panel.parameters.casesFolder = driver.cases
    again.enter()
    assert standin.run_until(lambda: len(again.panel.select.items) == 1, 30)
    assert not driver.cases.exists() or not list(driver.cases.glob("case-*"))


def script_of_readme(url: str, token: Path) -> str:
    """The script of the README, word by word but for the server and its token."""
    script = (REPOSITORY / "README.md").read_text().partition("`--no-main-window`:")[2]
    script = script.partition("```python\n")[2].partition("```")[0]
    for there, here in (("https://cloud.example/dicom-web", url), ("token", str(token))):
        assert script.count(f'"{there}"') == 1
        script = script.replace(f'"{there}"', repr(here))
    return script


@pytest.mark.slow
def test_the_readmes_script_runs_without_a_main_window(
    head: Path, tmp_path: Path, own_home: Path
) -> None:
    if LACKING:
        pytest.skip(LACKING)
    from panelmaker import cloud

    with cloud(tmp_path / "cloud") as running:
        script = script_of_readme(running.base_url, running.token_file)
        said = in_fresh_process(
            f"""
            import os, sys
            from pathlib import Path
            from Testing import standin

            def main():
                slicer = standin.install(
                    main_window=False,
                    database=standin.make_dicom_database(
                        Path({str(head)!r}), Path({str(tmp_path / "db")!r})))
                slicer.app.settings().setValue(  # else the user's own folder would be taken
                    "Clinic2Cloud/CasesFolder", {str(tmp_path / "cases")!r})
                standin.load_module(Path({str(MODULE)!r}))
                assert slicer.app.layoutManager() is None
                exec({script!r}, {{"slicer": slicer}})
                sys.stdout.flush()
                os._exit(0)

            if __name__ == "__main__":
                main()
            """,
            tmp_path,
        )
    (case,) = (tmp_path / "cases").iterdir()
    assert said.splitlines() == [f"{case.name} segmentation", f"{case.name} measurements"]


def test_modules_read_in_one_go() -> None:
    for path in WIDGETS.glob("*.py"):
        assert len(path.read_text().splitlines()) < 320, path.name


@pytest.mark.slow
def test_slicers_own_self_test_passes(driver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLINIC2CLOUD_HOME", str(driver.folder / "elsewhere"))
    driver.slicer.selfTests["Clinic2Cloud"]()
    from Testing import standin

    assert standin.dialogs.shown[-1].text == "Test passed"
