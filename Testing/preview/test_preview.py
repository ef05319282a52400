"""The preview: what it must show, from where, and what must not be in its files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from Clinic2CloudLib.demo.head import make_head
from Clinic2CloudLib.demo.synthesis import SyntheticHead
from Clinic2CloudLib.dicom.model import SliceSource, Volume
from Clinic2CloudLib.errors import InputError, OutputError
from Clinic2CloudLib.preview import AZIMUTH, render_pair, render_views, write_previews
from Clinic2CloudLib.preview.opengl import off_screen_window
from Clinic2CloudLib.preview.render import BACKGROUND, surface_points
from Clinic2CloudLib.preview.sheet import OUTLINE, slices_sheet
from Clinic2CloudLib.preview.surface import CT_SKIN, resample, skin_surface, skin_transfer
from Clinic2CloudLib.preview.views import frame_of

SIZE = 160


@pytest.fixture(scope="module")
def whole() -> SyntheticHead:
    return make_head(size="small")


@pytest.fixture(scope="module")
def faceless() -> SyntheticHead:
    return make_head(size="small", face=False)


def body(picture: np.ndarray) -> np.ndarray:
    """Where a picture shows something of the patient."""
    return (np.abs(picture.astype(int) - BACKGROUND) > 12).any(axis=2)


def volume_of(head: SyntheticHead) -> Volume:
    slices = tuple(SliceSource(k, 0, 1.0, 0.0) for k in range(len(head.stored)))
    return Volume(head.stored, np.diag([-1.0, -1, 1, 1]) @ head.ijk_to_ras, slices, head.modality)


@pytest.mark.parametrize("modality", ["MR", "ct"])
def test_the_nose_shows_in_profile_and_not_without_a_face(modality: str) -> None:
    pictures = [make_head(size="small", modality=modality, face=face) for face in (True, False)]
    before, after = render_pair(
        pictures[0].stored, pictures[1].stored, pictures[0].ijk_to_ras, modality, size=SIZE
    )
    # Seen from the patient's left, the face looks to the picture's left.
    profile, bare = body(before["left_profile"]), body(after["left_profile"])
    tip = profile.any(axis=0).argmax()
    assert not bare[:, tip : tip + 8].any()
    row = profile[:, tip].argmax()
    assert 0.4 * SIZE < row < 0.75 * SIZE
    assert (profile & ~bare).sum() > 0.02 * SIZE * SIZE
    assert body(before["front"]).sum() > body(after["front"]).sum()


@pytest.mark.parametrize("modality", ["MR", "CT"])
def test_coarse_voxels_do_not_cost_the_nose(modality: str) -> None:
    tips = []
    for size in ("small", (40, 54, 50) if modality == "MR" else (54, 50, 40)):  # 3.2 and 5 mm
        head = make_head(size=size, modality=modality)
        shown = resample(head.stored.astype(np.float32), head.ijk_to_ras)
        surface = skin_surface(shown, skin_transfer(shown.values, modality))
        points = surface_points(surface, shown.ijk_to_ras)
        tips.append(points[np.abs(points[:, 0]) < 20][:, 1].max())
    assert abs(tips[0] - tips[1]) < 3  # mm


def test_left_and_right_are_the_patients(whole: SyntheticHead) -> None:
    values = whole.stored.astype(np.float32)
    i, j, k = np.meshgrid(*(np.arange(n) for n in values.shape[::-1]), indexing="ij")
    x = (np.stack([i, j, k], -1) @ whole.ijk_to_ras[0, :3] + whole.ijk_to_ras[0, 3]).T
    one_sided = np.where(x < 0, values, 0)  # only the patient's left half; RAS: left is negative
    full = resample(values, whole.ijk_to_ras)
    transfer = skin_transfer(full.values, "MR")
    frame = frame_of(surface_points(skin_surface(full, transfer), full.ijk_to_ras))
    picture = body(
        render_views(one_sided, whole.ijk_to_ras, "MR", transfer, ("front",), SIZE, frame)["front"]
    )
    # Facing the patient, the patient's left is on the picture's right.
    assert picture[:, : SIZE // 2 - 4].sum() == 0
    assert picture[:, SIZE // 2 + 4 :].sum() > 0.1 * SIZE * SIZE


def test_any_order_and_handedness_of_the_array_gives_one_picture(whole: SyntheticHead) -> None:
    reference = render_views(whole.stored, whole.ijk_to_ras, "MR", size=SIZE)
    flipped, affine = whole.stored[:, ::-1], whole.ijk_to_ras.copy()
    affine[:, 3] = affine @ [0, whole.stored.shape[1] - 1, 0, 1]
    affine[:3, 1] *= -1
    turned, order = whole.stored.transpose(1, 2, 0), whole.ijk_to_ras[:, [2, 0, 1, 3]]
    for values, its_affine in ((flipped, affine), (turned, order)):
        other = render_views(values, its_affine, "mr", size=SIZE)
        for view, picture in reference.items():
            difference = np.abs(picture.astype(int) - other[view])
            assert difference.mean() < 1.0, view


def test_an_oblique_volume_is_shown_as_the_patient_lies(whole: SyntheticHead) -> None:
    angle = np.radians(20)
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    straight = render_views(whole.stored, whole.ijk_to_ras, "MR", views=AZIMUTH, size=SIZE)
    oblique = render_views(whole.stored, turn @ whole.ijk_to_ras, "MR", views=AZIMUTH, size=SIZE)
    # Turned by 20 degrees to its left, the face is no longer symmetric seen from the front.
    lopsided = [
        np.abs(body(p["front"]).astype(int) - body(p["front"])[:, ::-1]).mean()
        for p in (straight, oblique)
    ]
    assert lopsided[1] > 2 * lopsided[0]


def test_a_face_that_was_only_dimmed_still_shows(
    whole: SyntheticHead, faceless: SyntheticHead
) -> None:
    face = np.abs(whole.stored.astype(int) - faceless.stored) > 60
    dimmed = np.where(face, whole.stored * 0.4, whole.stored)
    before, after = render_pair(whole.stored, dimmed, whole.ijk_to_ras, "MR", size=SIZE)
    lost = body(before["left_profile"]) & ~body(after["left_profile"])
    assert lost.sum() < 0.01 * SIZE * SIZE


def test_ct_skin_is_at_minus_300_and_cone_beam_by_its_own_values() -> None:
    head = make_head(size="small", modality="CT")
    assert skin_transfer(head.stored.astype(float), "ct").level == CT_SKIN
    cone_beam = (head.stored.astype(float) + 1000) * 1.7
    level = skin_transfer(cone_beam, "CT").level
    assert 100 < level < 1200


def test_the_surface_is_closed_where_the_field_of_view_ends(whole: SyntheticHead) -> None:
    from vtkmodules.vtkFiltersCore import vtkFeatureEdges

    cut = resample(whole.stored[20:50, :, 10:], whole.ijk_to_ras)
    edges = vtkFeatureEdges()
    edges.SetInputData(skin_surface(cut, skin_transfer(cut.values, "MR")))
    edges.BoundaryEdgesOn()
    edges.FeatureEdgesOff()
    edges.NonManifoldEdgesOff()
    edges.Update()
    assert edges.GetOutput().GetNumberOfCells() == 0


def test_the_files_hold_pixels_only_and_are_the_same_each_time(
    whole: SyntheticHead, faceless: SyntheticHead, tmp_path: Path
) -> None:
    from PIL import Image

    first = write_previews(volume_of(whole), faceless.stored, tmp_path / "a", size=SIZE)
    again = write_previews(volume_of(whole), faceless.stored, tmp_path / "b", size=SIZE)
    files = sorted(p.name for p in (tmp_path / "a").iterdir())
    assert files == sorted(
        [f"{kind}_{v.view}.png" for v in first.views for kind in ("before", "after")]
        + ["before_after.png", "slices.png"]
    )
    for name in files:
        data = (tmp_path / "a" / name).read_bytes()
        assert data == (tmp_path / "b" / name).read_bytes()
        with Image.open(tmp_path / "a" / name) as picture:
            assert picture.info == {}
            assert picture.mode == "RGB"
        chunks = {data[i + 4 : i + 8] for i in _chunk_starts(data)}
        assert chunks == {b"IHDR", b"IDAT", b"IEND"}
    record = again.record()
    assert record["sheet"] == "b/before_after.png"
    assert record["views"][0]["after"] == "b/after_front.png"
    assert {v.view for v in first.views} == {
        "front",
        "left_oblique",
        "right_oblique",
        "left_profile",
    }
    assert first.views[0].before.read_bytes() != first.views[0].after.read_bytes()


def _chunk_starts(data: bytes) -> list[int]:
    starts, at = [], 8
    while at < len(data):
        starts.append(at)
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    return starts


def test_slices_outline_the_change_and_nothing_when_there_is_none(whole: SyntheticHead) -> None:
    values = whole.stored.astype(np.float32)
    changed = values.copy()
    changed[20:40, 30:50, 5:20] = 0
    sheets = [
        slices_sheet(values, after, whole.ijk_to_ras, (0, 900), SIZE) for after in (changed, values)
    ]
    red = [(sheet == OUTLINE).all(axis=2).sum() for sheet in sheets]
    assert red[0] > 100
    assert red[1] == 0


def test_a_single_slice_is_shown_without_a_surface(whole: SyntheticHead, tmp_path: Path) -> None:
    one = volume_of(whole)
    thin = Volume(one.stored[30:31], one.ijk_to_lps, one.slices[30:31], "MR")
    previews = write_previews(thin, thin.stored, tmp_path, size=SIZE)
    assert previews.views == ()
    assert {p.name for p in tmp_path.iterdir()} == {"before_after.png", "slices.png"}


def test_a_tall_volume_is_framed_on_its_head() -> None:
    points = np.random.default_rng(0).uniform([-250, -150, -900], [250, 150, 100], (5000, 3))
    points = points[(points[:, 2] < -150) | (np.abs(points[:, 0]) < 80)]
    assert frame_of(points).centre[2] > -50


def test_what_cannot_be_shown_says_why(whole: SyntheticHead, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no view 'top'"):
        render_views(whole.stored, whole.ijk_to_ras, "MR", views=("top",))
    with pytest.raises(InputError, match="at least two slices"):
        render_views(whole.stored[:1], whole.ijk_to_ras, "MR")
    with pytest.raises(InputError, match="same size"):
        write_previews(volume_of(whole), whole.stored[1:], tmp_path)
    blocked = tmp_path / "file"
    blocked.write_text("x")
    with pytest.raises(OutputError, match="cannot make"):
        write_previews(volume_of(whole), whole.stored, blocked / "preview", size=64)


def test_an_empty_volume_gives_empty_pictures() -> None:
    pictures = render_views(np.zeros((8, 8, 8), np.int16), np.eye(4), "MR", size=64)
    assert not any(body(picture).any() for picture in pictures.values())


def test_without_opengl_the_packages_are_named_and_the_face_still_shows(
    whole: SyntheticHead, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vtkmodules import vtkRenderingOpenGL2

    drawn = render_views(whole.stored, whole.ijk_to_ras, "MR", size=256)

    class Deaf:
        def SetOffScreenRendering(self, on: bool) -> None: ...  # noqa: N802 - VTK's name

        def SupportsOpenGL(self) -> bool:  # noqa: N802 - VTK's name
            return False

    for name in ("vtkXOpenGLRenderWindow", "vtkEGLRenderWindow", "vtkOSOpenGLRenderWindow"):
        monkeypatch.setattr(vtkRenderingOpenGL2, name, Deaf, raising=False)
    monkeypatch.setattr("vtkmodules.vtkRenderingCore.vtkRenderWindow", Deaf)
    with pytest.raises(OutputError, match="libegl1 and libgl1-mesa-dri"):
        off_screen_window()
    computed = render_views(whole.stored, whole.ijk_to_ras, "MR", size=256)
    _alike(drawn, computed)


def test_a_driver_that_draws_nothing_is_not_believed(
    whole: SyntheticHead, monkeypatch: pytest.MonkeyPatch
) -> None:
    from Clinic2CloudLib.preview import render

    drawn = render_views(whole.stored, whole.ijk_to_ras, "MR", views=("front",), size=256)
    black = {"front": np.zeros((256, 256, 3), np.uint8)}
    monkeypatch.setattr(render, "_draw_in", lambda *arguments: black)
    computed = render_views(whole.stored, whole.ijk_to_ras, "MR", views=("front",), size=256)
    _alike(drawn, computed)


def _alike(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> None:
    """One outline and one shading, but for the outline's own pixels."""
    assert first.keys() == second.keys()
    for view in first:
        one, two = body(first[view]), body(second[view])
        assert (one & two).sum() > 0.98 * (one | two).sum(), view
        difference = np.abs(first[view].astype(int) - second[view])[one & two]
        assert difference.mean() < 5, view
