"""What a peer writes must come back on the voxels it was given, and be measured as ours is."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.face import beside, exchange, peers
from benchmarks.face.heads import Head
from benchmarks.face.prepared import Prepared, keep
from benchmarks.face.surfaces import level_of, part_around, skin_points
from Clinic2CloudLib.dicom.model import SliceSource, Volume

#: (K, J, I); a sagittal head: i runs back, j down, k to the left.
SHAPE = (40, 60, 50)
SAGITTAL = np.array([[0, 0, 3.0, -60], [3.0, 0, 0, -75], [0, -3.0, 0, 90], [0, 0, 0, 1]])


def made(modality: str = "MR", slope: float = 1.0, intercept: float = 0.0) -> Volume:
    """Return a ball of tissue with noise around."""
    k, j, i = np.indices(SHAPE)
    ball = (k - 19.5) ** 2 + (j - 29.5) ** 2 + (i - 24.5) ** 2 < 17**2
    stored = np.where(ball, 1100, 3) + np.random.default_rng(0).integers(0, 40, SHAPE)
    slices = tuple(SliceSource(n, 0, slope, intercept) for n in range(SHAPE[0]))
    return Volume(stored.astype(np.int16), SAGITTAL.copy(), slices, modality)


@pytest.mark.parametrize("axes", ["RAS", "LPS", "PIR", "SAL"])
@pytest.mark.parametrize(
    ("modality", "slope", "intercept"), [("MR", 1.0, 0.0), ("MR", 0.37, 2.0), ("CT", 1.0, -1024.0)]
)
def test_a_result_comes_back_on_its_voxels_however_it_lies(
    tmp_path: Path, axes: str, modality: str, slope: float, intercept: float
) -> None:
    volume = made(modality, slope, intercept)
    image = exchange.handed_over(volume)
    array = sitk.GetArrayFromImage(image)
    # RAS: the last of the axis before the last is the front.
    array[:10, 40:] = 0
    result = sitk.GetImageFromArray(array)
    result.CopyInformation(image)
    sitk.WriteImage(sitk.DICOMOrient(result, axes), str(tmp_path / "result.nii.gz"))
    stored, mask = exchange.taken_back(tmp_path / "result.nii.gz", volume)
    # Front is low i, low is high j.
    expected = np.zeros(SHAPE, bool)
    expected[:, -10:, : image.GetSize()[1] - 40] = True
    nothing = np.rint((exchange.base(volume) - intercept) / slope)
    np.testing.assert_array_equal(mask, expected & (volume.stored != nothing))
    np.testing.assert_array_equal(stored[~mask], volume.stored[~mask])
    assert (stored[mask] == nothing).all()


def test_other_voxels_are_refused(tmp_path: Path) -> None:
    volume = made()
    image = exchange.handed_over(volume)
    moved = sitk.Image(image)
    moved.SetOrigin([c + 3.0 for c in image.GetOrigin()])
    turned = sitk.Image(image)
    turned.SetDirection([0.8, -0.6, 0, 0.6, 0.8, 0, 0, 0, 1])
    for other in (moved, turned, image[1:], sitk.BinShrink(image, [2, 1, 1])):
        with pytest.raises(ValueError, match=r"turned|voxels|moved"):
            exchange.laid_on(other, volume)


def prepared(folder: Path, volume: Volume) -> Prepared:
    """Return a head in a cache, with a finding: the face is the front, the brain the middle."""
    head = Prepared(Head("made", "made", "MR", "dev", lambda: volume), folder)
    masks = {name: np.zeros(SHAPE, bool) for name in ("face", "ears", "brain", "head")}
    masks["face"][:, :, :20] = True
    masks["ears"][:8] = True
    masks["brain"][15:25, 25:35, 20:30] = True
    masks["head"] = volume.stored > 500
    # The frame: y to the front, from the middle.
    frame = np.array([[-1.0, 0, 0, 0], [0, -1.0, 0, 0], [0, 0, 1.0, 0], [0, 0, 0, 1.0]])
    transfer = level_of(volume)
    skin = skin_points(volume.values(), volume, part_around(volume, frame), transfer)
    head.save(
        "found", replaced=True, finder="made", status="found", seconds=1.0, frame=frame,
        level=transfer.level, air=transfer.air, skin=skin,
        **{name: np.packbits(mask) for name, mask in masks.items()},
    )  # fmt: skip
    return head


def test_a_cut_is_measured_as_what_it_is(tmp_path: Path) -> None:
    volume = made()
    head = prepared(tmp_path, volume)
    mask = np.zeros(SHAPE, bool)
    mask[:, :, :21] = True
    stored = np.where(mask, 0, volume.stored).astype(np.int16)
    keep(head, volume, "niimath", stored, mask, seconds=2.0)
    kept = head.load("niimath")
    again, changed = head.stored("niimath", volume)
    np.testing.assert_array_equal(again, stored)
    np.testing.assert_array_equal(changed, mask)
    assert kept["near"][0] < 0.3
    assert kept["edge"][1] > 0.9 > 0.1 > kept["edge"][0]
    assert int(kept["brain"]) == 100 and int(kept["outside"]) == 0
    share, brain, zeroed = beside.extent(head, "niimath")
    assert 0.2 < share < 0.5
    assert brain == pytest.approx(100 * 0.027)
    assert zeroed == 1.0


def test_the_same_again_is_all_skin_within_reach(tmp_path: Path) -> None:
    volume = made()
    head = prepared(tmp_path, volume)
    mask = np.zeros(SHAPE, bool)
    mask[:, :, :21] = True
    keep(head, volume, "same", volume.stored, mask, seconds=0.0)
    kept = head.load("same")
    assert kept["near"].tolist() == [1.0, 1.0]
    assert kept["edge"][0] == kept["edge"][1]
    assert beside.extent(head, "same")[:2] == (0.0, 0.0)


def test_a_peer_that_fails_is_counted_and_not_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def deface(name: str, given: peers.Given) -> None:
        asked.append(name)
        if name == "quickshear":
            raise OSError("no such program")
        image = sitk.ReadImage(str(given.head))
        if name == "pydeface":
            image = image * sitk.Cast(sitk.ReadImage(str(given.brain)), image.GetPixelID())
        sitk.WriteImage(image, str(given.result))

    monkeypatch.setattr(peers, "deface", deface)
    head = prepared(tmp_path, made())
    names = ["niimath", "pydeface", "quickshear"]
    for _ in range(2):
        beside.run_peers([head], names)
    assert asked == names
    rows = list(beside.beside([head], [], names))
    assert [len(row) for row in rows] == [12, 2, 12, 2]
    assert rows[1][1] == "fails on 1 of 1: nothing changed (1)"
    assert rows[2][1] == "1" and rows[2][3] == "0.0 (0.0)"
    assert rows[3][1] == "fails on 1 of 1: OSError (1)"


def test_without_their_environment_no_peer_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "FOLDER", tmp_path)
    assert peers.present() == []
