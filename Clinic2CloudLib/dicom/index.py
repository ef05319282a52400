"""What one file is, from its header."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import NotDeidentifiableError
from .elements import FileLayout, read_layout
from .model import Instance, SourceFile
from .pixel_header import read_pixel_header
from .walker import NeedMoreError

#: Most headers are shorter, those with Siemens' private elements (80 KiB) too; a longer one is read
#: with the whole file.
HEAD = 128 << 10

_DIRECTORY_CLASS = "1.2.840.10008.1.3.10"


@dataclass(frozen=True)
class IndexedFile:
    """An instance and what its header says of its series."""

    instance: Instance
    patient_name: str
    description: str
    study_description: str


def index_file(file: SourceFile) -> IndexedFile:
    """Read what the index needs of one file, its head only where that is enough.

    Parameters
    ----------
    file : SourceFile
        Any file of a source.

    Returns
    -------
    IndexedFile
        The instance.

    Raises
    ------
    NotDeidentifiableError
        When it is no DICOM file, is damaged or cut short, or lacks a UID; the reason is for the
        user.
    """
    layout = file_layout(file)
    if layout.text(0x00020002) == _DIRECTORY_CLASS or 0x00041220 in layout.elements:
        raise NotDeidentifiableError("a DICOMDIR, not an image")
    required = {
        "SOP Class UID": layout.text(0x00080016),
        "SOP Instance UID": layout.text(0x00080018),
        "Series Instance UID": layout.text(0x0020000E),
        "Study Instance UID": layout.text(0x0020000D),
    }
    missing = [name for name, value in required.items() if not value]
    if missing:
        raise NotDeidentifiableError(f"it has no {missing[0]}")
    pixels = read_pixel_header(layout)
    decode = _decoder(layout)
    instance = Instance(
        file=file,
        sop_instance_uid=required["SOP Instance UID"],
        sop_class_uid=required["SOP Class UID"],
        series_uid=required["Series Instance UID"],
        study_uid=required["Study Instance UID"],
        patient_id=decode(0x00100020),
        modality=layout.text(0x00080060),
        transfer_syntax_uid=layout.transfer_syntax,
        rows=pixels.rows if pixels else 0,
        columns=pixels.columns if pixels else 0,
        frames=pixels.frames if pixels else 1,
        samples_per_pixel=pixels.samples if pixels else 0,
        photometric_interpretation=pixels.photometric if pixels else "",
        image_type=layout.strings(0x00080008),
        burned_in_annotation=layout.text(0x00280301),
        body_part=layout.text(0x00180015),
    )
    return IndexedFile(
        instance=instance,
        patient_name=decode(0x00100010),
        description=decode(0x0008103E),
        study_description=decode(0x00081030),
    )


def file_layout(file: SourceFile) -> FileLayout:
    """Take a file apart, reading its head only where that is enough.

    Raises ``NotDeidentifiableError`` when it is no DICOM file, damaged or cut short.
    """
    if file.peek is not None:
        head, size = file.peek(HEAD)
        try:
            return read_layout(head, size)
        except NeedMoreError:
            pass
    return read_layout(file.read())


class _decoder:  # noqa: N801 - used as a function that remembers the file
    """Decodes text elements with the file's Specific Character Set."""

    def __init__(self, layout: FileLayout) -> None:
        self.layout = layout

    def __call__(self, tag: int) -> str:
        from .profile.charset import decode

        value = self.layout.value(tag)
        text = decode(value, self.layout.value(0x00080005))
        # What is no text in its character set still is something a person may know it by.
        return (value.decode("latin-1") if text is None else text).strip(" \0")
