"""What searches and retrievals find (PS3.18 sections 10.4 and 10.6)."""

from __future__ import annotations

from io import BytesIO

import pytest
import servermaker as sm
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset, dcmread
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEG2000Lossless
from servermaker import ALL, SERIES, STUDY, Web, value

from Clinic2CloudLib.cloud.server.matching import matches

PART10 = 'multipart/related; type="application/dicom"'


@pytest.fixture
def archive(web: Web) -> Web:
    """Two studies, three series, eight instances."""
    other = {"StudyInstanceUID": "2.25.8001", "PatientID": "PAT-2", "PatientName": "ANON^TWO"}
    later = {"StudyDate": "20210715", "StudyTime": "081500.5"}
    web.store(sm.slices(4))
    web.store(
        sm.slices(2, SeriesInstanceUID="2.25.7003", SeriesDescription="T2 FLAIR", SeriesNumber=4)
    )
    web.store(sm.slices(2, SeriesInstanceUID="2.25.8002", Modality="CT", **other, **later))
    return web


def found(web: Web, path: str, tag: str, **params: str) -> list[str]:
    answer = web.get(path, **params)
    if answer.status_code == 204:
        assert answer.content == b""
        return []
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/dicom+json"
    return [value(one, tag) for one in answer.json()]


@pytest.mark.parametrize(
    ("params", "studies"),
    [
        ({}, {STUDY, "2.25.8001"}),
        ({"StudyInstanceUID": STUDY}, {STUDY}),
        ({"0020000D": f"{STUDY},2.25.8001"}, {STUDY, "2.25.8001"}),
        ({"0020000D": f"{STUDY}\\2.25.5"}, {STUDY}),
        ({"PatientID": "PAT-2"}, {"2.25.8001"}),
        ({"PatientID": "pat-2"}, set()),
        ({"PatientName": "anon^o*"}, {STUDY}),
        ({"PatientName": "ANON^T?O"}, {"2.25.8001"}),
        ({"StudyDate": "20200103"}, {STUDY}),
        ({"StudyDate": "20200104-"}, {"2.25.8001"}),
        ({"StudyDate": "-20200103"}, {STUDY}),
        ({"StudyDate": "20200101-20211231"}, {STUDY, "2.25.8001"}),
        ({"StudyTime": "0800-0816"}, {"2.25.8001"}),
        ({"ModalitiesInStudy": "CT"}, {"2.25.8001"}),
        ({"ModalitiesInStudy": "M?"}, {STUDY}),
        ({"AccessionNumber": "*"}, {STUDY, "2.25.8001"}),
        ({"AccessionNumber": "1"}, set()),
        ({"PatientID": "' OR 1=1 --"}, set()),
    ],
)
def test_studies_are_found_by_their_attributes(
    archive: Web, params: dict[str, str], studies: set[str]
) -> None:
    assert set(found(archive, "/studies", "0020000D", **params)) == studies


def test_a_study_tells_what_the_standard_asks_for(archive: Web) -> None:
    study = archive.get("/studies", StudyInstanceUID=STUDY).json()[0]
    assert list(study) == sorted(study)
    assert study["00080061"] == {"vr": "CS", "Value": ["MR"]}
    assert (value(study, "00201206"), value(study, "00201208")) == (2, 6)
    assert value(study, "00100010") == {"Alphabetic": "ANON^ONE"}
    assert value(study, "00081190") == f"{archive.base}/studies/{STUDY}"
    assert value(study, "00080056") == "ONLINE"
    assert study["00080050"] == {"vr": "SH"}


def test_series_and_instances_are_found_below_and_beside_their_study(archive: Web) -> None:
    assert found(archive, f"/studies/{STUDY}/series", "0020000E") == [SERIES, "2.25.7003"]
    assert found(archive, "/series", "0020000E", Modality="CT") == ["2.25.8002"]
    assert found(archive, "/series", "0020000E", SeriesNumber="4") == ["2.25.7003"]
    assert found(archive, f"/studies/{STUDY}/series", "00201209") == [4, 2]
    assert len(found(archive, f"/studies/{STUDY}/instances", "00080018")) == 6
    path = f"/studies/{STUDY}/series/{SERIES}/instances"
    assert found(archive, path, "00200013") == [1, 2, 3, 4]
    assert found(archive, path, "00080018", InstanceNumber="3") == [f"{SERIES}.3"]
    assert found(archive, "/instances", "00080018", PatientID="PAT-2", InstanceNumber="1") == [
        "2.25.8002.1"
    ]
    assert found(archive, f"/studies/2.25.8001/series/{SERIES}/instances", "00080018") == []


def test_answers_come_in_pages(archive: Web) -> None:
    path = f"/studies/{STUDY}/series/{SERIES}/instances"
    assert found(archive, path, "00200013", limit="2") == [1, 2]
    assert found(archive, path, "00200013", limit="2", offset="2") == [3, 4]
    assert found(archive, path, "00200013", limit="2", offset="4") == []
    assert "additional results" in archive.get(path, limit="3").headers["Warning"]
    assert "Warning" not in archive.get(path, limit="4").headers


def test_more_attributes_come_when_asked_for(archive: Web) -> None:
    instance = f"/studies/{STUDY}/series/{SERIES}/instances"
    assert "00080008" not in archive.get(instance).json()[0]
    for wanted in ("ImageType", "00080008", "all"):
        assert archive.get(instance, includefield=wanted).json()[0]["00080008"] == {"vr": "CS"}


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("/studies", {"limit": "many"}, 400),
        ("/studies", {"offset": "-1"}, 400),
        ("/studies", {"Nonsense": "1"}, 400),
        ("/studies", {"Modality": "MR"}, 400),
        ("/studies/not-a-uid/series", {}, 400),
        ("/studies/../../etc", {}, 404),
        (f"/studies/{STUDY}/nothing", {}, 404),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(
    archive: Web, path: str, params: dict[str, str], status: int
) -> None:
    assert archive.get(path, **params).status_code == status


def test_names_in_other_scripts_are_found_and_shown(web: Web) -> None:
    name = "Yamada^Tarou=山田^太郎=やまだ^たろう"
    made = sm.data_set(1, PatientName=name, SpecificCharacterSet="ISO_IR 192")
    assert web.store([sm.part10(made)]).status_code == 200
    study = web.get("/studies", PatientName="*山田*").json()[0]
    assert value(study, "00100010") == {
        "Alphabetic": "Yamada^Tarou",
        "Ideographic": "山田^太郎",
        "Phonetic": "やまだ^たろう",
    }


@given(st.sampled_from(["LO", "CS", "PN", "UI", "DA", "TM", "IS", "US"]), st.text(), st.text())
def test_matching_takes_any_text(vr: str, wanted: str, stored: str) -> None:
    assert matches(vr, wanted, stored) in (True, False)
    assert matches(vr, "", stored)
    for one in stored.split("\\"):
        assert matches("LO", "*" + one.replace("*", "?") + "*", stored)


# ---------------------------------------------------------------- retrieve


def test_each_level_gives_its_instances(archive: Web) -> None:
    counts = {
        f"/studies/{STUDY}": 6,
        f"/studies/{STUDY}/series/{SERIES}": 4,
        f"/studies/{STUDY}/series/{SERIES}/instances/{SERIES}.2": 1,
    }
    for path, count in counts.items():
        answer = archive.get(path, accept=ALL)
        assert len(sm.parts_of(answer)) == count
        assert int(answer.headers["Content-Length"]) == len(answer.content)
        assert answer.headers["Content-Type"].startswith(PART10)


def test_one_instance_may_come_without_multipart(archive: Web) -> None:
    path = f"/studies/{STUDY}/series/{SERIES}/instances/{SERIES}.2"
    answer = archive.get(path, accept="application/dicom; transfer-syntax=*")
    assert answer.content == sm.slices(1, first=2)[0]
    assert answer.headers["Content-Type"] == (
        f"application/dicom; transfer-syntax={ExplicitVRLittleEndian}"
    )


def test_what_is_not_there_is_not_found(archive: Web) -> None:
    for path in ("/studies/2.25.1", f"/studies/2.25.8001/series/{SERIES}", "/studies/x"):
        assert archive.get(path, accept=ALL).status_code in (400, 404)


@pytest.mark.parametrize("accept", ["image/png", "application/zip", "text/html"])
def test_what_cannot_be_given_is_not_acceptable(archive: Web, accept: str) -> None:
    assert archive.get(f"/studies/{STUDY}", accept=accept).status_code == 406
    assert archive.get(f"/studies/{STUDY}/metadata", accept=accept).status_code == 406
    assert archive.get("/studies", accept=accept).status_code == 406


def test_the_default_transfer_syntax_is_explicit_little_endian(web: Web) -> None:
    made = sm.data_set(1)
    web.store([sm.part10(made, ImplicitVRLittleEndian)])
    back = dcmread(BytesIO(sm.parts_of(web.get(f"/studies/{STUDY}", accept=PART10))[0]))
    assert back.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert back.PixelData == made.PixelData
    assert back.PatientIdentityRemoved == "YES"
    kept = f"{PART10}; transfer-syntax={ImplicitVRLittleEndian}"
    assert "transfer-syntax=1.2.840.10008.1.2\r" in web.get(f"/studies/{STUDY}", accept=kept).text


def test_a_compressed_instance_is_given_as_it_is_or_not_at_all(web: Web) -> None:
    made: Dataset = dcmread(BytesIO(sm.slices(1, side=64)[0]))
    made.compress(JPEG2000Lossless, generate_instance_uid=False)
    sent = sm.part10(made, JPEG2000Lossless)
    assert web.store([sent]).status_code == 200
    path = f"/studies/{STUDY}"
    assert sm.parts_of(web.get(path, accept=ALL)) == [sent]
    assert web.get(path, accept=f"{PART10}; transfer-syntax={JPEG2000Lossless}").ok
    assert web.get(path, accept=PART10).status_code == 406
    assert sm.parts_of(web.get(path, accept=f"{PART10}, {ALL}")) == [sent]


def test_odd_values_are_returned_and_not_logged(
    web: Web, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    sent = sm.slices(1)[0].replace(b"20200103", b"Doe^John")
    assert web.store([sent]).status_code == 200
    assert web.get(f"/studies/{STUDY}/metadata").status_code == 200
    assert value(web.get("/studies").json()[0], "00080020") == "Doe^John"
    printed = capfd.readouterr()
    assert "Doe" not in printed.out + printed.err + caplog.text


def test_metadata_holds_everything_but_the_pixels(archive: Web) -> None:
    answer = archive.get(f"/studies/{STUDY}/series/{SERIES}/metadata")
    assert answer.status_code == 200
    assert len(answer.json()) == 4
    back = Dataset.from_json(answer.json()[0])
    made = sm.data_set(1)
    del made.PixelData
    assert back == made
