"""Jobs and their results."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from casemaker import STUDY, approved_case
from fake_cloud import Cloud, fake_cloud
from pdfpipeline import PDF, report
from pydicom import dcmread
from pydicom.uid import EncapsulatedPDFStorage

from Clinic2CloudLib.cases.case import Case, load_case
from Clinic2CloudLib.cloud.destination import Destination
from Clinic2CloudLib.cloud.jobs import job_of, list_jobs, request_cancel, show_job, wait_for
from Clinic2CloudLib.cloud.results import fetch_results
from Clinic2CloudLib.cloud.retry import RetryPolicy
from Clinic2CloudLib.cloud.upload import upload_case
from Clinic2CloudLib.errors import Cancelled, CloudError

QUICK = RetryPolicy(budget=2.0, before_contact=0.3, first=0.01, longest=0.05)


def finish(cloud: Cloud, uid: str, *made: str) -> None:
    """Let a work item end with these results."""
    references = [
        {"00081150": {"vr": "UI", "Value": [EncapsulatedPDFStorage]}, "00081155": {"Value": [one]}}
        for one in made
    ]
    output = {
        "0020000D": {"vr": "UI", "Value": [STUDY]},
        "0020000E": {"vr": "UI", "Value": ["2.25.77"]},
        "00081199": {"vr": "SQ", "Value": references},
    }
    item = cloud.workitems[uid]
    item["00741000"] = {"vr": "CS", "Value": ["COMPLETED"]}
    item["00741216"] = {"vr": "SQ", "Value": [{"00404033": {"vr": "SQ", "Value": [output]}}]}


def started(tmp_path: Path, cloud: Cloud) -> tuple[Case, str]:
    case = approved_case(tmp_path / "case", 3)
    result = upload_case(case.folder, Destination(cloud.url), start="brain-volumetry", policy=QUICK)
    assert result.workitem_uid
    return case, result.workitem_uid


def test_a_job_goes_from_scheduled_to_results_on_disk(tmp_path: Path) -> None:
    with fake_cloud() as cloud:
        case, uid = started(tmp_path, cloud)
        (job,) = list_jobs(Destination(cloud.url), policy=QUICK)
        assert (job.uid, job.pipeline, job.state) == (uid, "brain-volumetry", "scheduled")
        assert {one.sop_instance_uid for one in job.inputs} == {
            item.sop_instance_uid for item in case.instances
        }
        told: list[tuple[float, str]] = []

        def watch(fraction: float, message: str) -> None:
            told.append((fraction, message))
            if len(told) == 2:
                cloud.workitems[uid]["00741000"]["Value"] = ["IN PROGRESS"]
                cloud.workitems[uid]["00741002"] = {
                    "vr": "SQ",
                    "Value": [{"00741004": {"Value": ["40"]}, "00741006": {"Value": ["masking"]}}],
                }
            if (0.4, "masking") in told and len(cloud.kept) == 3:
                cloud.kept["2.25.900"] = report("2.25.900")
                finish(cloud, uid, "2.25.900")

        done = wait_for(job, watch, 0.05, case_folder=case.folder, policy=QUICK)
        assert (done.state, done.progress) == ("done", 1.0)
        assert (0.4, "masking") in told
        assert load_case(case.folder).state == "done"
        (result,) = fetch_results(done, tmp_path / "results", case, policy=QUICK)
    assert result.path.name == f"DOC-{result.path.stem[-8:]}.dcm"
    assert dcmread(result.path).SOPInstanceUID == "2.25.900"
    assert result.description == "Brain volumes"
    assert result.extracted is not None
    assert result.extracted.read_bytes() == PDF
    assert result.extracted.suffix == ".pdf"
    assert len(list((tmp_path / "results").iterdir())) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (report("2.25.900", patient="PAT-OTHER"), "belongs to another case"),
        (report("2.25.900", study="2.25.4"), "belongs to another case"),
        (report("2.25.901"), "another object"),
        (b"no DICOM at all", "not a DICOM file"),
        (report("2.25.900")[:300], "a result|another object"),
        (None, "does not give back"),
    ],
)
def test_a_result_that_is_not_the_cases_own_is_not_kept(tmp_path: Path, content, said) -> None:
    with fake_cloud() as cloud:
        case, uid = started(tmp_path, cloud)
        if content is not None:
            cloud.kept["2.25.900"] = content
        finish(cloud, uid, "2.25.900")
        job = show_job(Destination(cloud.url), uid, policy=QUICK)
        with pytest.raises(CloudError, match=said):
            fetch_results(job, tmp_path / "results", case, policy=QUICK)
    assert list((tmp_path / "results").iterdir()) == []


def test_a_job_on_other_instances_is_not_the_cases(tmp_path: Path) -> None:
    with fake_cloud() as cloud:
        case, uid = started(tmp_path, cloud)
        finish(cloud, uid)
        job = show_job(Destination(cloud.url), uid, policy=QUICK)
        other = dataclasses.replace(case, instances=case.instances[:2])
        with pytest.raises(CloudError, match="did not work on"):
            fetch_results(job, tmp_path / "results", other, policy=QUICK)


def test_a_job_that_fails_says_why_and_so_does_the_case(tmp_path: Path) -> None:
    with fake_cloud() as cloud:
        case, uid = started(tmp_path, cloud)
        item = cloud.workitems[uid]
        item["00741000"]["Value"] = ["CANCELED"]
        item["00741002"] = {"Value": [{"00741238": {"Value": ["no brain was found"]}}]}
        job = show_job(Destination(cloud.url), uid, policy=QUICK)
        ended = wait_for(job, case_folder=case.folder, policy=QUICK)
        assert (ended.state, ended.reason) == ("failed", "no brain was found")
        assert load_case(case.folder).transfers[-1]["reason"] == "no brain was found"
        with pytest.raises(CloudError, match="no results"):
            fetch_results(ended, tmp_path / "results", policy=QUICK)


def test_waiting_can_be_cancelled_and_so_can_the_job(tmp_path: Path) -> None:
    def stop(fraction: float, message: str) -> None:
        raise Cancelled("stopped")

    with fake_cloud() as cloud:
        _, uid = started(tmp_path, cloud)
        job = show_job(Destination(cloud.url), uid, policy=QUICK)
        with pytest.raises(Cancelled):
            wait_for(job, stop, policy=QUICK)
        request_cancel(job, policy=QUICK)
        assert cloud.cancels == [uid]
        finish(cloud, uid)
        with pytest.raises(CloudError, match="ended already"):
            request_cancel(job, policy=QUICK)


def test_a_server_without_work_items_is_not_one_without_jobs() -> None:
    with fake_cloud() as cloud:
        elsewhere = Destination(cloud.url.replace("dicom-web", "other"))
        with pytest.raises(CloudError, match="404"):
            list_jobs(elsewhere, policy=QUICK)


def test_an_unknown_job_and_nonsense_are_one_sentence(tmp_path: Path) -> None:
    with fake_cloud() as cloud:
        here = Destination(cloud.url)
        with pytest.raises(CloudError, match="does not know this job"):
            show_job(here, "2.25.1", policy=QUICK)
        nonsense: list[dict[str, Any]] = [
            {},
            {"00080018": 3},
            {"00741000": {"Value": ["DREAMING"]}},
        ]
        for item in nonsense:
            with pytest.raises(CloudError, match="no job"):
                job_of(item, here)
