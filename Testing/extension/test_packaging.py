"""The extension can be configured, built, installed and packaged, and nothing is missing."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tarfile
from collections import defaultdict
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DUMMY = Path(__file__).resolve().parent / "dummy_slicer"
MODULES = Path("lib/Slicer-5.12/qt-scripted-modules")
SHIPPED = ("Clinic2Cloud", "Clinic2CloudLib")

#: The schema of catalogue entries, v1.0.2: nothing else is allowed in one.
CATALOGUE_KEYS = {
    "$schema", "category", "scm_url", "scm_revision", "scm_type", "build_dependencies",
    "build_subdirectory", "dicom_support_rule", "enabled", "tier",
}  # fmt: skip


def cmakes() -> list[str]:
    """CMake from the system and the newest one from the environment, where they are."""
    beside = Path(sys.executable).parent / "cmake"
    found = [str(beside)] if beside.is_file() else []
    system = shutil.which("cmake", path="/usr/local/bin:/usr/bin:/opt/homebrew/bin")
    return found + ([system] if system else [])


def call(*command: object) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is shipped, as it is on disk; the rest of the repository is not needed to build."""
    folder = tmp_path_factory.mktemp("checkout")
    skipped = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in (*SHIPPED, "Resources", "Testing/extension"):
        shutil.copytree(REPOSITORY / name, folder / name, ignore=skipped)
    for name in ("CMakeLists.txt", "Testing/CMakeLists.txt"):
        shutil.copy2(REPOSITORY / name, folder / name)
    return folder


@pytest.fixture(scope="module", params=cmakes() or [None], ids=lambda path: str(path))
def built(request: pytest.FixtureRequest, checkout: Path, tmp_path_factory: object) -> Path:
    """A build tree, configured and built with one of the CMakes there are."""
    cmake = request.param
    if cmake is None:
        pytest.skip("there is no CMake here: apt-get install cmake, or pip install cmake")
    if shutil.which("cc") is None and shutil.which("gcc") is None:
        pytest.skip("there is no C compiler here, which CMake's project() asks for")
    build = Path(tmp_path_factory.mktemp("build"))
    generator = ["-G", "Ninja"] if shutil.which("ninja") else []
    call(cmake, "-S", checkout, "-B", build, f"-DSlicer_DIR={DUMMY}", "-DBUILD_TESTING=ON",
         "-Werror=dev", *generator)  # fmt: skip
    call(cmake, "--build", build)
    (build / "cmake.txt").write_text(cmake)
    return build


def recorded(build: Path) -> dict[str, list[list[str]]]:
    calls = defaultdict(list)
    for line in (build / "recorded.txt").read_text().splitlines():
        name, *given = line.split("\t")
        calls[name].append(given)
    return calls


def shipped_files() -> set[str]:
    """Every file of module and library, as a user's installation must have it."""
    wanted = set()
    for name in SHIPPED:
        for path in (REPOSITORY / name).rglob("*"):
            relative = path.relative_to(REPOSITORY / name)
            hidden = any(part.startswith((".", "__pycache__")) for part in relative.parts)
            left_out = hidden or relative.parts[0] == "Testing"
            if path.is_file() and not left_out:
                if relative.name in ("CMakeLists.txt", "files.cmake", "ruff.toml"):
                    continue
                # The module lies in the modules' folder itself, the library in its own.
                inside = relative if name == "Clinic2Cloud" else Path(name) / relative
                wanted.add(inside.as_posix())
    return wanted


def test_slicers_macros_are_given_module_and_library(built: Path) -> None:
    modules = {given[1]: given for given in recorded(built)["module"]}
    assert modules["Clinic2Cloud"][2:] == ["SUBDIR", "FALSE", "GENERIC_TESTS", "TRUE"]
    assert modules["Clinic2CloudLib"][2:] == ["SUBDIR", "TRUE", "GENERIC_TESTS", "FALSE"]


def listed_files(build: Path) -> set[str]:
    """Every file that Slicer's macros were given, as it lies in the modules' folder."""
    given = set()
    for name, *files in recorded(build)["scripts"] + recorded(build)["resources"]:
        given |= {file if name == "Clinic2Cloud" else f"{name}/{file}" for file in files}
    return given


def test_every_file_is_listed(built: Path) -> None:
    assert listed_files(built) == shipped_files(), "run python tools/list_extension_files.py"


def test_an_installation_holds_every_listed_file_and_nothing_else(
    built: Path, tmp_path: Path
) -> None:
    cmake = (built / "cmake.txt").read_text()
    call(cmake, "--install", built, "--prefix", tmp_path)
    modules = tmp_path / MODULES
    installed = {p.relative_to(modules).as_posix() for p in modules.rglob("*") if p.is_file()}
    assert installed == listed_files(built)
    # Slicer loads every Python file that lies in the modules' folder itself.
    assert [p.name for p in modules.glob("*.py")] == ["Clinic2Cloud.py"]


def test_the_installed_library_works_without_the_repository(built: Path, tmp_path: Path) -> None:
    cmake = (built / "cmake.txt").read_text()
    call(cmake, "--install", built, "--prefix", tmp_path)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import Clinic2CloudLib, pathlib;"
        "assert pathlib.Path(Clinic2CloudLib.__file__).is_relative_to(sys.argv[1]);"
        "from Clinic2CloudLib.cli.main import main; sys.exit(main(['--help']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / MODULES)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "deidentify" in done.stdout


def test_the_installed_panel_opens(built: Path, tmp_path: Path) -> None:
    """Module, .ui, icon and library come from the installation, and no slot raises."""
    from Testing import standin

    if standin.missing():
        pytest.skip(standin.missing())
    call((built / "cmake.txt").read_text(), "--install", built, "--prefix", tmp_path)
    code = """
import sys
from pathlib import Path
modules = Path(sys.argv[1])
sys.path[:0] = [str(modules), sys.argv[2]]
from Testing import standin
slicer = standin.install()
widget = standin.load_module(modules / "Clinic2Cloud.py")
import Clinic2CloudLib
assert Path(Clinic2CloudLib.__file__).is_relative_to(modules)
assert not slicer.modules.clinic2cloud.icon.isNull()
standin.process_events()
standin.unload_module("Clinic2Cloud")
print("faults:", standin.slot_errors + standin.qt_warnings + standin.dialogs.errors)
"""
    arguments = [sys.executable, "-c", code, str(tmp_path / MODULES), str(REPOSITORY)]
    done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "faults: []" in done.stdout


def test_the_package_holds_every_listed_file(built: Path) -> None:
    cmake = Path((built / "cmake.txt").read_text())
    call(cmake, "--build", built, "--target", "package")
    archives = list(built.glob("*.tar.gz"))
    assert len(archives) == 1
    with tarfile.open(archives[0]) as archive:
        names = {member.name for member in archive.getmembers() if member.isfile()}
    inside = {name.partition(f"{MODULES.as_posix()}/")[2] for name in names}
    assert inside == listed_files(built)


def test_the_tests_for_slicer_are_registered(built: Path) -> None:
    names = {given[0] for given in recorded(built)["unittest"]}
    assert {"Clinic2Cloud", "test_Clinic2CloudInSlicer", "test_LibraryInSlicer"} <= names
    assert recorded(built)["generic_tests"] == [["Clinic2Cloud"]]


def test_the_extension_describes_itself(built: Path) -> None:
    said = {given[0]: given[1] for given in recorded(built)["extension"]}
    entry = json.loads((REPOSITORY / "Clinic2Cloud.json").read_text())
    assert said["DEPENDS"].split(";") == entry["build_dependencies"]
    assert said["HOMEPAGE"] + ".git" == entry["scm_url"]
    for field in ("ICONURL", "SCREENSHOTURLS"):
        path = re.sub(r"^https://raw\.githubusercontent\.com/[^/]+/[^/]+/main/", "", said[field])
        assert path != said[field]
        assert (REPOSITORY / path).is_file(), path


def test_a_library_listed_by_the_module_would_be_missed(tmp_path: Path) -> None:
    """The dummy finds the mistake it was made for: a path out of the module's folder is lost."""
    cmake = next(iter(cmakes()), None)
    if cmake is None:
        pytest.skip("there is no CMake here: apt-get install cmake, or pip install cmake")
    (tmp_path / "Module").mkdir()
    (tmp_path / "Lib").mkdir()
    (tmp_path / "Module" / "M.py").write_text("")
    (tmp_path / "Lib" / "x.py").write_text("")
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.16.3...3.28)\nproject(M LANGUAGES NONE)\n"
        "find_package(Slicer REQUIRED)\ninclude(${Slicer_USE_FILE})\nadd_subdirectory(Module)\n"
    )
    (tmp_path / "Module" / "CMakeLists.txt").write_text(
        "slicerMacroBuildScriptedModule(NAME M SCRIPTS M.py ../Lib/x.py)\n"
    )
    build, installed = tmp_path / "build", tmp_path / "installed"
    call(cmake, "-S", tmp_path, "-B", build, f"-DSlicer_DIR={DUMMY}")
    call(cmake, "--build", build)
    call(cmake, "--install", build, "--prefix", installed)
    assert [p.name for p in installed.rglob("*.py")] == ["M.py"]


def test_the_catalogue_entry_has_only_what_the_schema_allows() -> None:
    entry = json.loads((REPOSITORY / "Clinic2Cloud.json").read_text())
    assert set(entry) <= CATALOGUE_KEYS
    assert entry["$schema"].endswith("slicer-extension-catalog-entry-schema-v1.0.2.json#")
    assert entry["scm_type"] == "git"
    assert entry["scm_url"].startswith("https://")
    assert entry["scm_url"].rstrip("/").removesuffix(".git").endswith("/SlicerClinic2Cloud")
    assert entry["tier"] == 1
    assert entry["enabled"] is True
    assert isinstance(entry["category"], str)


def test_icons_are_there_and_legible_in_size() -> None:
    from PIL import Image

    for path in ("Resources/Clinic2Cloud.png", "Clinic2Cloud/Resources/Icons/Clinic2Cloud.png"):
        with Image.open(REPOSITORY / path) as icon:
            assert icon.size == (128, 128)
            small = icon.convert("RGBA").resize((32, 32))
            # Something is drawn, something is left free, and there is more than one colour.
            alpha = small.getchannel("A").getextrema()
            assert alpha == (0, 255)
            assert len(small.getcolors(1024) or []) > 20


def test_the_icons_are_what_the_script_draws() -> None:
    from PIL import Image, ImageChops

    sys.path.insert(0, str(REPOSITORY / "tools"))
    try:
        from draw_icons import TARGETS, draw
    finally:
        sys.path.pop(0)
    for target in TARGETS:
        with Image.open(target) as icon:
            difference = ImageChops.difference(icon.convert("RGBA"), draw())
            assert max(high for _, high in difference.getextrema()) <= 8
