"""Make the confidentiality profile's tables from the machine-readable parts of PS3.15 Annex E.

    python tools/make_profile_tables.py FOLDER

FOLDER holds ``ps3.15_<edition>_table_E.1-1.json``, ``..._E.3.4-1.json`` and ``..._E.3.10-1.json``.
A newer edition is one run away: put its three files in a folder, run this, commit what it writes
into ``Clinic2CloudLib/dicom/profile/tables``. The attribute Types per IOD come from the module
tables of the highdicom package that is installed.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword

TARGET = Path(__file__).resolve().parent.parent / "Clinic2CloudLib" / "dicom" / "profile" / "tables"
OPTIONS = {
    "Basic Prof.": "basic",
    "Rtn. Safe Priv. Opt.": "safe_private",
    "Rtn. UIDs Opt.": "uids",
    "Rtn. Dev. Id. Opt.": "device",
    "Rtn. Inst. Id. Opt.": "institution",
    "Rtn. Pat. Chars. Opt.": "patient",
    "Rtn. Long. Full Dates Opt.": "full_dates",
    "Rtn. Long. Modif. Dates Opt.": "modified_dates",
    "Clean Desc. Opt.": "descriptors",
    "Clean Struct. Cont. Opt.": "structured",
    "Clean Graph. Opt.": "graphics",
}
STRICTNESS = {"1": 0, "1C": 1, "2": 2, "2C": 3, "3": 4}


def words_to_keyword(name: str) -> str:
    """Return a keyword in DICOM's manner for an attribute that pydicom does not know yet."""
    return re.sub(r"[^A-Za-z0-9]", "", name.replace("'s ", " "))


def guess_vr(name: str) -> str:
    """Return the VR of an attribute newer than pydicom's dictionary, by how PS3.6 names them."""
    if name.endswith("Sequence"):
        return "SQ"
    if name.endswith("DateTime"):
        return "DT"
    if name.endswith(("URI", "Reference")):
        return "UR"
    if name.endswith("Comment"):
        return "UT"
    return "LO"


def vr_of(tag: int) -> str | None:
    """Return pydicom's VR of a tag, None where it has none."""
    try:
        return str(dictionary_VR(tag))
    except KeyError:
        return None


def attributes(rows: list[list[str]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the plain and the repeating-group attributes of Table E.1-1, by hexadecimal tag."""
    header, *body = rows
    columns = {OPTIONS[name]: index for index, name in enumerate(header) if name in OPTIONS}
    plain: dict[str, Any] = {}
    repeating: dict[str, Any] = {}
    for row in body:
        actions = {option: row[index] for option, index in columns.items() if row[index]}
        key = row[1][1:5].upper() + row[1][6:10].upper()
        if re.fullmatch(r"[0-9A-F]{8}", key):
            tag = int(key, 16)
            vr = vr_of(tag)
            keyword = (keyword_for_tag(tag) if vr else "") or words_to_keyword(row[0])
            plain[key] = [keyword, vr or guess_vr(row[0]), actions]
        else:
            repeating[row[1]] = [words_to_keyword(row[0]), "", actions]
    return plain, repeating


def concepts(rows: list[list[str]]) -> list[Any]:
    """Return Table E.3.4-1 as rows of code value, scheme, value type, actions and meaning."""
    header, *body = rows
    columns = {OPTIONS[name]: index for index, name in enumerate(header) if name in OPTIONS}
    result = []
    for row in body:
        actions = {option: row[index] for option, index in columns.items() if row[index]}
        scheme = row[2].split(" [")[0]
        result.append([row[1], scheme, row[3], actions, row[0]])
    return result


def safe_private(rows: list[list[str]]) -> dict[str, list[list[str]]]:
    """Return Table E.3.10-1 as creator to rows of group, element byte, VR and meaning."""
    result: dict[str, list[list[str]]] = {}
    for element, creator, vr, _, meaning in rows[1:]:
        group, offset = re.fullmatch(r"\(([0-9A-Fa-f]{4}),xx([0-9A-Fa-f]{2})\)", element).groups()  # type: ignore[union-attr]
        result.setdefault(creator, []).append([group.upper(), offset.upper(), vr, meaning])
    return result


def wanted(table: dict[str, Any]) -> set[str]:
    """Return the keywords whose Type decides what happens to them."""
    from pydicom.datadict import DicomDictionary

    names = {row[0] for row in table.values() if row[2]["basic"] not in ("U", "D")}
    names |= {"BurnedInAnnotation", "RecognizableVisualFeatures"}  # kept unclaimed where required
    for tag, (vr, _, _, _, keyword) in DicomDictionary.items():
        listed = f"{tag:08X}" in table
        text = "UT UC LT ST LO SH"
        if not listed and (vr in ("DA", "DT", "TM", "PN", "UR", "AE") or vr in text.split()):
            names.add(keyword)
    return names


def types(table: dict[str, Any]) -> dict[str, Any]:
    """Return, per SOP class, the Types other than 3 of the attributes whose action they decide.

    The result has ``classes`` (SOP Class UID to IOD number) and ``iods``, for each IOD a map from
    the path (hexadecimal tags joined by ``.``) to a map from tag to Type. Where several modules of
    an IOD name the same attribute the strictest Type holds. ``paths`` lists every sequence path of
    the IOD, so that a place the IOD does not have can be told from one where all is optional.
    """
    import highdicom

    folder = Path(highdicom.__file__).parent / "_standard"
    modules = json.loads((folder / "module_attribute_map.json").read_text())
    iods = json.loads((folder / "iod_module_map.json").read_text())
    classes = json.loads((folder / "sop_class_iod_map.json").read_text())
    names = wanted(table)
    removed = {row[0] for row in table.values() if row[2]["basic"] == "X" and row[1] == "SQ"}
    blocks: dict[str, dict[str, dict[str, str]]] = {}
    for key, rows in modules.items():
        block: dict[str, dict[str, str]] = {}
        for row in rows:
            if row["keyword"] not in names or row["type"] not in STRICTNESS or row["type"] == "3":
                continue
            if any(step in removed for step in row["path"]):
                continue
            path = ".".join(hex_tag(step) for step in row["path"])
            place = block.setdefault(path, {})
            tag = hex_tag(row["keyword"])
            if tag not in place or STRICTNESS[row["type"]] < STRICTNESS[place[tag]]:
                place[tag] = row["type"]
        if block:
            blocks[key] = block
    used = {iod: [m["key"] for m in rows if m["key"] in blocks] for iod, rows in iods.items()}
    referencing = [
        iod
        for iod, rows in iods.items()
        if any(m["key"] == "common-instance-reference" and m["usage"] != "U" for m in rows)
    ]
    return {
        "classes": classes,
        "referencing": sorted(referencing),
        "iods": {iod: used[iod] for iod in sorted(set(classes.values())) if iod in used},
        "modules": {key: blocks[key] for key in sorted({k for v in used.values() for k in v})},
    }


def hex_tag(keyword: str) -> str:
    """Return a keyword's tag as eight hexadecimal digits, or the keyword when it is too new."""
    tag = tag_for_keyword(keyword)
    return keyword if tag is None else f"{tag:08X}"


def write(name: str, content: Any) -> None:
    """Write one table, the same bytes for the same content on every machine."""
    text = json.dumps(content, indent=None, separators=(",", ":"), sort_keys=True) + "\n"
    if name.endswith(".gz"):
        (TARGET / name).write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    else:
        text = re.sub(r'(?<=[\]}]),(?=["\[])', ",\n", text)
        (TARGET / name).write_text(text, encoding="utf-8")


def main(folder: Path) -> None:
    """Read the three JSON tables of a folder and write the profile's tables."""
    sources = sorted(folder.glob("ps3.15_*_table_E.*.json"))
    editions = {path.name.split("_")[1] for path in sources}
    if len(sources) != 3 or len(editions) != 1:
        sys.exit(f"{folder}: expected tables E.1-1, E.3.4-1 and E.3.10-1 of one edition")
    edition = editions.pop()
    rows = {path.name.split("_table_")[1]: json.loads(path.read_text()) for path in sources}
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    plain, repeating = attributes(rows["E.1-1.json"])
    TARGET.mkdir(parents=True, exist_ok=True)
    write(
        "profile.json",
        {
            "edition": edition,
            "digest": digest,
            "attributes": plain,
            "repeating": repeating,
            "concepts": concepts(rows["E.3.4-1.json"]),
            "safe_private": safe_private(rows["E.3.10-1.json"]),
        },
    )
    write("types.json.gz", types(plain))
    print(f"PS3.15 {edition}: {len(plain) + len(repeating)} attributes written to {TARGET.name}/")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
