"""Pixels read and written back: nothing changes but what was asked for."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicommaker import header, put_pixels, slice_of, to_bytes
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pydicom.encaps import encapsulate, encapsulate_extended, get_frame
from pydicom.pixels import compress, pixel_array
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

from Clinic2CloudLib.dicom.decode import (
    decode_frames,
    decode_pixels,
    open_pixels,
    undecodable_reason,
)
from Clinic2CloudLib.dicom.pixel_edit import FrameEdit, replace_pixels
from Clinic2CloudLib.errors import NotDeidentifiableError

NATIVE = [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian]
# gdcm aborts the whole process on some RLE images: each codec is named.
LOSSLESS = {RLELossless: "pydicom", JPEGLSLossless: "pyjpegls", JPEG2000Lossless: "pylibjpeg"}


def edited(raw: bytes, seed: int = 1) -> tuple[dict[int, FrameEdit], np.ndarray]:
    """Random edits of every other frame, and what should come of them."""
    rng = np.random.default_rng(seed)
    stored = decode_frames(raw)
    _, head = open_pixels(raw)
    edits = {}
    for frame in range(0, len(stored), 2):
        mask = rng.random((head.rows, head.columns)) < 0.05
        mask[head.rows // 3 : head.rows // 2, 1 : head.columns // 2] = True
        if head.is_float:
            new = rng.random(head.frame_shape).astype(head.dtype)
        else:
            low = -(1 << head.bits_stored - 1) if head.signed else 0
            span = 1 << head.bits_stored
            new = rng.integers(low, low + span, head.frame_shape).astype(head.dtype)
        edits[frame] = FrameEdit(mask, new)
        stored[frame][mask] = new[mask]
    return edits, stored


def as_pydicom_reads(raw: bytes) -> np.ndarray:
    return pixel_array(pydicom.dcmread(io.BytesIO(raw)), raw=True)


def others(raw: bytes) -> dict[int, bytes]:
    """Every element but the pixel data and what must follow them."""
    dataset = pydicom.dcmread(io.BytesIO(raw), force=True)
    following = {0x7FE00010, 0x7FE00008, 0x7FE00009, 0x00280004, 0x00280006, 0x00282110}
    following |= {0x00280106, 0x00280107}
    return {
        int(element.tag): str(element.value).encode()
        for element in dataset
        if int(element.tag) not in following and element.tag.element  # no retired group lengths
    }


def sample_names() -> list[str]:
    named = os.environ.get("CLINIC2CLOUD_TEST_DATA")
    folder = Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "data"
    return sorted(path.name for path in (folder / "dicom").glob("*.dcm"))


@pytest.mark.parametrize("name", sample_names())
def test_every_sample_is_edited_exactly_or_refused(shared_data: Path, name: str) -> None:
    raw = (shared_data / "dicom" / name).read_bytes()
    reason = undecodable_reason(raw)
    if reason is not None:
        assert name in {
            "emri_small_jpeg_2k_lossless_too_short.dcm",
            "liver_rle.dcm",  # pydicom has no decoder for single bits in RLE
            "liver_nonbyte_aligned_rle.dcm",
        }
        with pytest.raises(NotDeidentifiableError):
            decode_frames(raw)
        return
    edits, expected = edited(raw)
    written = replace_pixels(raw, edits)
    np.testing.assert_array_equal(decode_frames(written), expected)
    np.testing.assert_array_equal(as_pydicom_reads(written).reshape(expected.shape), expected)
    assert others(written) == others(raw)
    assert replace_pixels(raw, edits) == written


@pytest.mark.parametrize("name", ["693_UNCI.dcm", "MR2_J2KR.dcm", "RG1_J2KI.dcm"])
def test_nothing_to_change_gives_the_very_same_file(shared_data: Path, name: str) -> None:
    raw = (shared_data / "dicom" / name).read_bytes()
    empty = np.zeros(decode_frames(raw).shape[1:], bool)
    assert replace_pixels(raw, {0: FrameEdit(empty, empty)}) == raw


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(NATIVE),
    st.sampled_from(["u1", "i1", "u2", "i2", "u4", "i4"]),
    st.sampled_from([1, 3]),
    st.sampled_from([0, 1]),
    st.integers(1, 3),
    st.data(),
)
def test_native_bits_outside_the_mask_stay(
    syntax: str, kind: str, samples: int, planar: int, frames: int, data: st.DataObject
) -> None:
    """Random words, with rubbish in the unused bits and in the padding."""
    size = np.dtype(kind).itemsize
    rows, columns = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 5))
    bits = data.draw(st.integers(max(2, size * 4), size * 8))
    shape = (frames, rows, columns, samples) if samples > 1 else (frames, rows, columns)
    words = data.draw(hnp.arrays(np.dtype(f"u{size}"), shape))
    dataset = put_pixels(header(0), np.zeros((frames, rows, columns), kind), bits)
    dataset.SamplesPerPixel = samples
    if samples > 1:
        dataset.PhotometricInterpretation, dataset.PlanarConfiguration = "RGB", planar
        ordered = words.transpose(0, 3, 1, 2) if planar else words
    else:
        ordered = words
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    value = np.ascontiguousarray(ordered).astype(f"{order}u{size}").tobytes()
    dataset.PixelData = value + b"\x5a" * (len(value) % 2)
    dataset["PixelData"].VR = "OB" if size == 1 and syntax != ImplicitVRLittleEndian else "OW"
    raw = to_bytes(dataset, syntax)

    shift = size * 8 - bits
    expected = (words << words.dtype.type(shift)).view(kind) >> np.dtype(kind).type(shift)
    stored = decode_frames(raw)
    if not (size == 1 and syntax == ImplicitVRLittleEndian):
        np.testing.assert_array_equal(stored, expected)

    mask = data.draw(hnp.arrays(bool, (rows, columns)))
    new = data.draw(st.integers(0, 2 ** (bits - 1) - 1))
    frame = data.draw(st.integers(0, frames - 1))
    written = replace_pixels(raw, {frame: FrameEdit(mask, np.full(shape[1:], new, kind))})
    assert len(written) == len(raw)
    changed = np.zeros(shape, bool)
    changed[frame][mask] = True
    stored[changed] = new
    np.testing.assert_array_equal(decode_frames(written), stored)
    # Outside the mask each byte is what it was.
    ordered_changed = changed.transpose(0, 3, 1, 2) if samples > 1 and planar else changed
    may_change = np.repeat(np.ascontiguousarray(ordered_changed).ravel(), size)
    start = raw.rindex(dataset.PixelData)
    differs = np.frombuffer(raw, np.uint8) != np.frombuffer(written, np.uint8)
    assert not differs[:start].any()
    inside = differs[start : start + len(may_change)]
    assert not (inside & ~may_change).any()
    assert not differs[start + len(may_change) :].any()


def test_an_overlay_in_the_high_bits_stays_and_a_sign_is_carried_on() -> None:
    words = np.array([[0xF001, 0x0002], [0x1003, 0x0004]], np.uint16)
    raw = to_bytes(put_pixels(header(0), words, bits_stored=12))
    edit = FrameEdit(np.ones((2, 2), bool), np.full((2, 2), 0xABC, np.uint16))
    written = pydicom.dcmread(io.BytesIO(replace_pixels(raw, {0: edit})))
    assert np.frombuffer(written.PixelData, "<u2").tolist() == [0xFABC, 0x0ABC, 0x1ABC, 0x0ABC]
    signed = np.array([[-5, 7], [1, 2]], np.int16)
    raw = to_bytes(put_pixels(header(0), signed, bits_stored=12))
    edit = FrameEdit(np.ones((2, 2), bool), np.array([[9, -9], [-2048, 2047]], np.int16))
    written = pydicom.dcmread(io.BytesIO(replace_pixels(raw, {0: edit})))
    assert np.frombuffer(written.PixelData, "<i2").tolist() == [9, -9, -2048, 2047]


@pytest.mark.parametrize("syntax", LOSSLESS)
@pytest.mark.parametrize(("kind", "bits"), [("u1", 8), ("u2", 12), ("i2", 16), ("i2", 12)])
def test_a_lossless_file_stays_in_its_transfer_syntax(syntax: str, kind: str, bits: int) -> None:
    rng = np.random.default_rng(3)
    low = -(1 << bits - 1) if kind[0] == "i" else 0
    stored = rng.integers(low, low + (1 << bits), (3, 65, 67)).astype(kind)
    dataset = pydicom.dcmread(io.BytesIO(to_bytes(put_pixels(header(0), stored, bits))))
    compress(dataset, syntax, generate_instance_uid=False, encoding_plugin=LOSSLESS[syntax])
    raw = to_bytes(dataset, syntax)
    np.testing.assert_array_equal(decode_frames(raw), stored)
    edits, expected = edited(raw)
    written = replace_pixels(raw, edits)
    np.testing.assert_array_equal(as_pydicom_reads(written), expected)
    again = pydicom.dcmread(io.BytesIO(written))
    assert again.file_meta.TransferSyntaxUID == syntax
    untouched = [get_frame(d.PixelData, 1, number_of_frames=3) for d in (dataset, again)]
    assert untouched[0] == untouched[1]


def test_extended_offsets_are_made_anew() -> None:
    stored = np.random.default_rng(2).integers(0, 4096, (3, 8, 8)).astype(np.uint16)
    dataset = pydicom.dcmread(io.BytesIO(to_bytes(put_pixels(header(0), stored, 12))))
    compress(dataset, JPEGLSLossless, generate_instance_uid=False, encoding_plugin="pyjpegls")
    frames = [get_frame(dataset.PixelData, n, number_of_frames=3) for n in range(3)]
    value, offsets, lengths = encapsulate_extended(frames)
    dataset.PixelData = value
    dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths = offsets, lengths
    raw = to_bytes(dataset, JPEGLSLossless)
    flat = FrameEdit(np.ones((8, 8), bool), np.zeros((8, 8), np.uint16))
    written = pydicom.dcmread(io.BytesIO(replace_pixels(raw, {1: flat})))
    np.testing.assert_array_equal(
        pixel_array(written, raw=True), [stored[0], flat.stored, stored[2]]
    )
    table = struct.unpack("<3Q", written.ExtendedOffsetTable)
    assert table != struct.unpack("<3Q", offsets)
    assert table[0] == 0


def jpeg(rgb: np.ndarray, photometric: str, adobe: int | None = None) -> bytes:
    """A JPEG Baseline file of a colour image, as YCbCr with halved chroma."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=95, subsampling=1)
    code = buffer.getvalue()
    code = code[:2] + code[4 + int.from_bytes(code[4:6], "big") :]  # without the JFIF segment
    if adobe is not None:
        marker = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + bytes([adobe])
        code = code[:2] + marker + code[2:]
    dataset = put_pixels(header(0), np.zeros(rgb.shape[:2], np.uint8))
    dataset.SamplesPerPixel, dataset.PlanarConfiguration = 3, 0
    dataset.PhotometricInterpretation = photometric
    dataset.PixelData = encapsulate([code])
    dataset["PixelData"].is_undefined_length = True
    return to_bytes(dataset, JPEGBaseline8Bit)


@pytest.mark.parametrize(
    ("photometric", "adobe"), [("YBR_FULL_422", None), ("YBR_FULL_422", 1), ("RGB", 1)]
)
def test_a_jpeg_is_written_back_in_colours_that_are_true(
    photometric: str, adobe: int | None
) -> None:
    y, x = np.mgrid[:32, :48]
    rgb = np.stack([x * 5, y * 7, 250 - x * 3], -1).astype(np.uint8)
    raw = jpeg(rgb, photometric, adobe)
    before = decode_pixels(raw)
    black = np.zeros((32, 48), bool)
    black[:8, :8] = True
    new = np.broadcast_to(np.array([0, 128, 128], np.uint8), (32, 48, 3))
    written = replace_pixels(raw, {0: FrameEdit(black, new)})
    dataset = pydicom.dcmread(io.BytesIO(written))
    assert dataset.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert dataset.PhotometricInterpretation == before.photometric == "YBR_FULL"
    assert dataset.LossyImageCompression == "01"
    shown = pixel_array(dataset).astype(int)
    assert np.abs(shown - rgb)[~black].max() < 25
    assert shown[black].max() == 0
    np.testing.assert_array_equal(decode_frames(written)[0][~black], before.stored[0][~black])


def test_shared_chroma_is_written_out_in_full() -> None:
    rng = np.random.default_rng(4)
    value = rng.integers(0, 256, 4 * 6 * 2, np.uint8).tobytes()
    dataset = put_pixels(header(0), np.zeros((4, 6), np.uint8))
    dataset.SamplesPerPixel, dataset.PlanarConfiguration = 3, 0
    dataset.PhotometricInterpretation, dataset.PixelData = "YBR_FULL_422", value
    raw = to_bytes(dataset)
    before = decode_frames(raw)
    mask = np.zeros((4, 6), bool)
    mask[1, 1] = True  # its left neighbour shares the chroma
    written = replace_pixels(raw, {0: FrameEdit(mask, np.zeros((4, 6, 3), np.uint8))})
    after = decode_pixels(written)
    assert after.photometric == "YBR_FULL"
    assert after.stored[0, 1, 1].tolist() == [0, 0, 0]
    np.testing.assert_array_equal(after.stored[0][~mask], before[0][~mask])


def test_a_deflated_file_is_written_inflated() -> None:
    pixels = np.arange(64, dtype=np.int16).reshape(8, 8)
    raw = to_bytes(slice_of(0, pixels, (0, 0, 0)), DeflatedExplicitVRLittleEndian)
    edits, expected = edited(raw)
    written = replace_pixels(raw, edits)
    dataset = pydicom.dcmread(io.BytesIO(written))
    assert dataset.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    np.testing.assert_array_equal(dataset.pixel_array, expected[0])
    assert others(written) == others(raw)


def test_smallest_and_largest_value_become_true() -> None:
    pixels = np.arange(64, dtype=np.uint16).reshape(8, 8)
    dataset = put_pixels(header(0), pixels)
    dataset.SmallestImagePixelValue, dataset.LargestImagePixelValue = 0, 63
    edit = FrameEdit(pixels < 10, np.full((8, 8), 500, np.uint16))
    written = pydicom.dcmread(io.BytesIO(replace_pixels(to_bytes(dataset), {0: edit})))
    assert (written.SmallestImagePixelValue, written.LargestImagePixelValue) == (10, 500)


def test_a_file_without_preamble_becomes_a_part_10_file() -> None:
    raw = to_bytes(slice_of(0, np.arange(64, dtype=np.int16).reshape(8, 8), (0, 0, 0)))
    bare = raw[raw.index(b"\x08\x00\x16\x00UI") :]
    edits, expected = edited(bare)
    written = pydicom.dcmread(io.BytesIO(replace_pixels(bare, edits)))
    assert written.file_meta.MediaStorageSOPInstanceUID == written.SOPInstanceUID
    np.testing.assert_array_equal(written.pixel_array, expected[0])


@pytest.mark.parametrize(
    ("edits", "words"),
    [
        ({1: (np.ones((8, 8), bool), np.zeros((8, 8), np.int16))}, "no frame 1"),
        ({0: (np.ones((4, 8), bool), np.zeros((8, 8), np.int16))}, "mask"),
        ({0: (np.ones((8, 8), int), np.zeros((8, 8), np.int16))}, "mask"),
        ({0: (np.ones((8, 8), bool), np.zeros((8, 8, 3), np.int16))}, "shape"),
        ({0: (np.ones((8, 8), bool), np.full((8, 8), 2048))}, "fit"),
        ({0: (np.ones((8, 8), bool), np.zeros((8, 8)))}, "integers"),
    ],
)
def test_an_edit_that_does_not_fit_is_an_error_of_the_caller(edits: dict, words: str) -> None:
    raw = to_bytes(put_pixels(header(0), np.zeros((8, 8), np.int16), bits_stored=12))
    with pytest.raises(ValueError, match=words):
        replace_pixels(raw, {frame: FrameEdit(*edit) for frame, edit in edits.items()})


def test_a_frame_that_nobody_sees_is_not_let_through() -> None:
    dataset = put_pixels(header(0), np.zeros((2, 8, 8), np.uint8))
    dataset.NumberOfFrames = 1
    assert undecodable_reason(to_bytes(dataset)) == (
        "its pixel data hold more than the frames it states"
    )


def test_damaged_compressed_pixels_are_refused_with_a_reason(shared_data: Path) -> None:
    raw = bytearray((shared_data / "dicom" / "MR2_J2KR.dcm").read_bytes())
    layout, _ = open_pixels(bytes(raw))
    start, length = layout.fragments[1]
    raw[start : start + length] = bytes(length)
    assert undecodable_reason(bytes(raw)) == (
        "its pixel data (JPEG 2000 Image Compression (Lossless Only)) cannot be decoded"
    )


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_no_damage_makes_the_reader_stumble(data: st.DataObject) -> None:
    """Whatever bytes are wrong, the answer is a file read or one sentence."""
    raw = bytearray(to_bytes(slice_of(0, np.arange(64, dtype=np.int16).reshape(8, 8), (0, 0, 0))))
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(132, len(raw) - 1))] = data.draw(st.integers(0, 255))
    reason = undecodable_reason(bytes(raw))
    if reason is None:
        assert decode_frames(bytes(raw)).size > 0
    else:
        assert "\n" not in reason


DAMAGE = """
import random, sys
from pathlib import Path
from Clinic2CloudLib.dicom.decode import open_pixels, undecodable_reason
whole = Path(sys.argv[1]).read_bytes()
start, length = open_pixels(whole)[0].fragments[1]
chance, refused = random.Random(7), 0
for _ in range(60):
    raw = bytearray(whole)
    for _ in range(chance.randint(1, 5)):
        raw[start + chance.randrange(min(length, 500))] = chance.randrange(256)
    refused += undecodable_reason(bytes(raw)) is not None
print(refused)
"""


@pytest.mark.parametrize("name", ["bad_sequence.dcm", "JPGLosslessP14SV1_1s_1f_8b.dcm"])
def test_a_damaged_jpeg_does_not_end_the_process(shared_data: Path, name: str) -> None:
    """gdcm aborts on some of these when they are not looked at first."""
    command = [sys.executable, "-c", DAMAGE, str(shared_data / "dicom" / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0
    assert int(done.stdout) >= 10


def test_a_jpeg_of_another_size_than_stated_is_refused() -> None:
    raw = jpeg(np.zeros((32, 48, 3), np.uint8), "YBR_FULL_422")
    rows = raw.index(b"\x28\x00\x10\x00US\x02\x00") + 8
    changed = raw[:rows] + struct.pack("<H", 16) + raw[rows + 2 :]
    assert undecodable_reason(raw) is None
    assert undecodable_reason(changed) == "its JPEG pixel data are damaged"
