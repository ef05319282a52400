"""What a series gives as volumes, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dicommaker import enhanced, header, listing, put_pixels, slice_of
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from Clinic2CloudLib.dicom.model import Volume
from Clinic2CloudLib.dicom.series import find_series
from Clinic2CloudLib.dicom.source import open_source
from Clinic2CloudLib.dicom.volume import VolumeReading, read_volumes
from Clinic2CloudLib.errors import Cancelled

rng = np.random.default_rng(5)
PIXELS = rng.integers(-500, 500, (12, 4, 6)).astype(np.int16)


def read(*datasets: Dataset) -> VolumeReading:
    (series,) = listing(*datasets).series
    return read_volumes(series)


def only(reading: VolumeReading) -> Volume:
    (volume,) = reading.volumes
    assert reading.refused == ()
    return volume


def axial(indices: range | list[int], **extra: object) -> list[Dataset]:
    return [slice_of(n, PIXELS[n], (0, 0, 2.5 * n), **extra) for n in indices]


@st.composite
def affines(draw: st.DrawFn) -> np.ndarray:
    """A right-handed, possibly sheared affine."""
    angles = draw(st.tuples(*[st.floats(-3.1, 3.1) for _ in range(3)]))
    (ca, cb, cc), (sa, sb, sc) = np.cos(angles), np.sin(angles)
    rotation = (
        np.array([[ca, -sa, 0], [sa, ca, 0], [0, 0, 1]])
        @ np.array([[cb, 0, sb], [0, 1, 0], [-sb, 0, cb]])
        @ np.array([[1, 0, 0], [0, cc, -sc], [0, sc, cc]])
    )
    spacing = draw(st.tuples(*[st.floats(0.3, 6.0) for _ in range(3)]))
    tilt = draw(st.sampled_from([0.0, 0.0, 0.2, -0.4]))
    affine = np.eye(4)
    affine[:3, :3] = rotation @ np.diag(spacing)
    affine[:3, 2] += tilt * spacing[2] * rotation[:, 1]
    affine[:3, 3] = draw(st.tuples(*[st.floats(-300, 300) for _ in range(3)]))
    return affine


@settings(max_examples=40, deadline=None)
@given(affines(), st.permutations(range(5)), st.booleans())
def test_a_volume_does_not_depend_on_the_order_of_its_files(
    affine: np.ndarray, order: list[int], backwards: bool
) -> None:
    row, column = (affine[:3, n] / np.linalg.norm(affine[:3, n]) for n in (0, 1))
    spacing = np.linalg.norm(affine[:3, 1]), np.linalg.norm(affine[:3, 0])
    datasets = []
    for number, k in enumerate(order):
        place = affine[:3, 3] + k * affine[:3, 2]
        dataset = slice_of(number, PIXELS[k], place, [*row, *column], spacing)
        dataset.InstanceNumber = 5 - k if backwards else number
        datasets.append(dataset)
    volume = only(read(*datasets))
    np.testing.assert_allclose(volume.ijk_to_lps, affine, atol=1e-6)
    np.testing.assert_array_equal(volume.stored, PIXELS[:5])
    assert [order[source.instance] for source in volume.slices] == [0, 1, 2, 3, 4]
    tilted = abs(affine[:3, 1] @ affine[:3, 2]) > 1e-2
    assert any("tilt" in note for note in volume.notes) == tilted


def test_slices_against_the_normal_still_give_a_right_handed_affine() -> None:
    datasets = [slice_of(n, PIXELS[n], (0, 0, -n), (1, 0, 0, 0, 1, 0)) for n in range(4)]
    volume = only(read(*datasets))
    assert np.linalg.det(volume.ijk_to_lps) > 0
    np.testing.assert_array_equal(volume.stored, PIXELS[3::-1])
    np.testing.assert_allclose(np.diag(volume.ijk_to_ras), [-1, -1, 1, 1])


def test_each_slice_has_its_own_rescale() -> None:
    datasets = axial(range(3))
    for number, dataset in enumerate(datasets):
        dataset.RescaleSlope, dataset.RescaleIntercept = f"{0.1 * (number + 1):.10g}", "-1024"
    volume = only(read(*datasets))
    expected = [(PIXELS[n] * (0.1 * (n + 1)) - 1024).astype(np.float32) for n in range(3)]
    np.testing.assert_array_equal(volume.values(), expected)
    assert volume.values().dtype == np.float32
    assert volume.stored.dtype == np.int16


def test_bits_above_bits_stored_are_an_overlay_or_the_sign() -> None:
    words = np.array([[0x0FFF, 0xF001], [0x1800, 0x2000]], np.uint16)
    for dtype, expected in (
        (np.uint16, [[0x0FFF, 0x001], [0x800, 0]]),
        (np.int16, [[-1, 1], [-2048, 0]]),
    ):
        datasets = [slice_of(n, PIXELS[0], (0, 0, n)) for n in range(2)]
        for dataset in datasets:
            put_pixels(dataset, words.view(dtype), bits_stored=12)
        volume = only(read(*datasets))
        assert volume.stored.dtype == dtype
        assert volume.stored[0].tolist() == expected


@pytest.mark.parametrize(
    ("keyword", "values", "label"),
    [
        ("EchoTime", ["11.5", "90"], ["echo time 11.5", "echo time 90"]),
        ("TemporalPositionIdentifier", [1, 2], ["temporal position 1", "temporal position 2"]),
        ("DiffusionBValue", [0.0, 1000.0], ["b-value 0", "b-value 1000"]),
        (
            "ImageType",
            [["A", "B", "IP"], ["A", "B", "OP"]],
            ["image type 1 of 2", "image type 2 of 2"],
        ),
    ],
)
def test_two_passes_over_the_same_positions_are_two_volumes(
    keyword: str, values: list, label: list[str]
) -> None:
    datasets = []
    for number in range(8):
        place, which = divmod(number, 2)
        dataset = slice_of(number, PIXELS[number], (0, 0, 3 * place))
        setattr(dataset, keyword, values[which])
        datasets.append(dataset)
    reading = read(*datasets)
    assert [volume.label for volume in reading.volumes] == label
    np.testing.assert_array_equal(reading.volumes[0].stored, PIXELS[0:8:2])
    np.testing.assert_array_equal(reading.volumes[1].stored, PIXELS[1:8:2])


def test_passes_that_nothing_tells_apart_follow_the_instance_number() -> None:
    datasets = [slice_of(n, PIXELS[n], (0, 0, n % 4)) for n in range(8)]
    reading = read(*datasets[::-1])
    assert [volume.label for volume in reading.volumes] == ["pass 1 of 2", "pass 2 of 2"]
    np.testing.assert_array_equal(reading.volumes[0].stored, PIXELS[:4])


def test_a_number_that_differs_from_slice_to_slice_does_not_tear_a_volume_apart() -> None:
    datasets = [
        slice_of(n, PIXELS[n], (0, 0, n // 2), AcquisitionNumber=n, EchoTime=str(n % 2 * 50 + 10))
        for n in range(8)
    ]
    assert [len(volume.slices) for volume in read(*datasets).volumes] == [4, 4]


def test_another_orientation_or_matrix_is_another_volume() -> None:
    coronal = [slice_of(10 + n, PIXELS[n], (0, n, 0), (1, 0, 0, 0, 0, -1)) for n in range(3)]
    wide = slice_of(20, np.zeros((8, 8), np.int16), (0, 0, 0))
    reading = read(*axial(range(4)), *coronal, wide)
    assert [len(volume.slices) for volume in reading.volumes] == [4, 3]
    (refused,) = reading.refused
    assert (refused.kind, refused.reason) == ("single_slice", "a single slice")
    assert not refused.may_hide_a_face


def test_a_missing_slice_is_said_and_the_volume_stays_whole() -> None:
    volume = only(read(*axial([0, 1, 2, 3, 5, 6, 7, 8, 9, 10])))
    assert len(volume.slices) == 10
    (note,) = volume.notes
    assert note.startswith("1 slice is missing between its slices; slices lie up to 1.")
    true = np.array([0, 1, 2, 3, 5, 6, 7, 8, 9, 10]) * 2.5
    seen = volume.ijk_to_lps[2, 3] + np.arange(10) * volume.ijk_to_lps[2, 2]
    assert np.abs(true - seen).max() < 1.5


def test_a_stack_too_uneven_for_one_affine_is_refused_in_one_piece() -> None:
    reading = read(*axial([0, 1, 2, 9, 10, 11]))
    assert reading.volumes == ()
    (refused,) = reading.refused
    assert (refused.kind, len(refused.slices)) == ("uneven_spacing", 6)
    assert refused.reason == "6 slices are missing between its slices"
    assert refused.may_hide_a_face
    mixed = [slice_of(n, PIXELS[n], (0, 0, z)) for n, z in enumerate((0, 1, 2, 3, 13.4, 25))]
    (refused,) = read(*mixed).refused
    assert refused.reason == "the distance between its slices varies from 1.00 to 11.60 mm"


def test_what_is_no_volume_says_why() -> None:
    (refused,) = read(*axial([0])).refused
    assert (refused.kind, refused.reason) == ("single_slice", "a single slice")
    (refused,) = read(header(0)).refused
    assert (refused.kind, refused.reason) == ("no_pixels", "it has no pixel data")
    lost = [put_pixels(header(n), PIXELS[n]) for n in range(3)]
    (refused,) = read(*lost).refused
    assert (refused.kind, len(refused.slices)) == ("no_geometry", 3)
    mosaic = axial(range(2), ImageType=["ORIGINAL", "PRIMARY", "M", "MOSAIC"])
    (refused,) = read(*mosaic).refused
    assert refused.kind == "mosaic"
    crooked = [slice_of(n, PIXELS[n], (0, 0, n), (1, 0, 0, 0.5, 1, 0)) for n in range(3)]
    assert read(*crooked).refused[0].kind == "no_geometry"


def test_many_single_slices_and_colour_slices_may_show_a_face() -> None:
    turned = [
        slice_of(n, PIXELS[0], (0, 0, 0), (np.cos(0.2 * n), np.sin(0.2 * n), 0, 0, 0, -1))
        for n in range(12)
    ]
    few, many = read(*turned[:3]).refused[0], read(*turned).refused[0]
    assert (few.kind, many.kind) == ("single_slice", "single_slice")
    assert (few.may_hide_a_face, many.may_hide_a_face) == (False, True)
    fused = [slice_of(n, PIXELS[n], (0, 0, n)) for n in range(3)]
    for dataset in fused:
        dataset.PhotometricInterpretation = "PALETTE COLOR"
    (refused,) = read(*fused).refused
    assert (refused.kind, refused.may_hide_a_face) == ("colour", True)
    assert not read(fused[0]).refused[0].may_hide_a_face


def test_one_slice_that_cannot_be_decoded_refuses_its_volume() -> None:
    from Clinic2CloudLib.dicom.model import SourceFile

    (series,) = listing(*axial(range(3))).series
    gone = SourceFile("gone", lambda: b"not what it was", series.instances[1].file.peek)
    instances = list(series.instances)
    object.__setattr__(instances[1], "file", gone)
    reading = read_volumes(series)
    assert reading.volumes == ()
    assert [(r.kind, len(r.slices)) for r in reading.refused] == [("not_decodable", 3)]


def test_enhanced_frames_are_stacked_by_their_functional_groups() -> None:
    order = [2, 0, 3, 1]
    dataset = enhanced(PIXELS[order], [(0, 0, 4 * k) for k in order], slopes=[1, 2, 3, 4])
    volume = only(read(dataset))
    np.testing.assert_array_equal(volume.stored, PIXELS[:4])
    assert [(s.frame, s.slope, s.intercept) for s in volume.slices] == [
        (1, 2.0, -1.0),
        (3, 4.0, -1.0),
        (0, 1.0, -1.0),
        (2, 3.0, -1.0),
    ]
    assert volume.spacing == (3.0, 2.0, 4.0)


@pytest.mark.parametrize(
    "mark", ["EffectiveEchoTime", "StackID", "TemporalPositionIndex", "DimensionIndexValues"]
)
def test_enhanced_frames_at_one_position_are_told_apart(mark: str) -> None:
    values = {"StackID": ["1", "2"], "DimensionIndexValues": [[1, 1], [1, 2]]}.get(mark, [1, 2])
    frames = [{mark: values[n % 2]} for n in range(8)]
    dataset = enhanced(PIXELS[:8], [(0, 0, n // 2) for n in range(8)], frames)
    reading = read(dataset)
    assert [volume.stored.tolist() for volume in reading.volumes] == [
        PIXELS[0:8:2].tolist(),
        PIXELS[1:8:2].tolist(),
    ]


def test_reading_can_be_cancelled() -> None:
    (series,) = listing(*axial(range(12))).series

    def stop(fraction: float, message: str) -> None:
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        read_volumes(series, stop)


@pytest.mark.parametrize("head", ["mr_dicom/adi_T1", "mr_dicom/adi_T2", "mr_dicom/ctk_mrhead"])
def test_volumes_agree_with_simpleitk_mr(shared_data: Path, head: str) -> None:
    agrees_with_simpleitk(shared_data / "heads" / "dev" / head)


def test_volumes_agree_with_simpleitk_ct(shared_data: Path) -> None:
    agrees_with_simpleitk(shared_data / "heads" / "dev" / "ct_dicom" / "slicer_cthead")


def agrees_with_simpleitk(folder: Path) -> None:
    import SimpleITK

    with open_source(folder) as source:
        (series,) = find_series(source).series
        volume = only(read_volumes(series))
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder), series.uid))
    image = reader.Execute()
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) @ np.diag(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    # Two of the series lack one slice; SimpleITK then spreads the error in another way.
    slack = 1.3 if volume.notes else 1e-4
    corners = np.array([[0, 0, 0, 1], [*(n - 1 for n in volume.stored.shape[::-1]), 1]]).T
    np.testing.assert_allclose(volume.ijk_to_lps @ corners, affine @ corners, atol=slack)
    np.testing.assert_array_equal(volume.values(), SimpleITK.GetArrayFromImage(image))


def test_the_enhanced_samples_are_volumes(shared_data: Path) -> None:
    for name, count in (("emri_small", 10), ("eCT_Supplemental", 2)):
        with open_source(shared_data / "dicom" / f"{name}.dcm") as source:
            (series,) = find_series(source).series
            reading = read_volumes(series)
        held = [volume.slices for volume in reading.volumes]
        held += [refused.slices for refused in reading.refused]
        assert sum(len(slices) for slices in held) == count
