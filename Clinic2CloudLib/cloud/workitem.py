"""The work item that starts a pipeline: a Unified Procedure Step (PS3.4 annex CC)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ..cases.case import Case
from .dicomjson import DataSet, code, element, referenced
from .upsattributes import PRESENT, SCHEME, UPS_PUSH

_NAMESPACE = uuid.UUID("6d0f4c2e-3f0e-5a53-9e0c-1f6f4a0b7c21")


def workitem_uid(
    digest: str, url: str, pipeline: str, options: Mapping[str, Any], again: int = 0
) -> str:
    """Return the UID of a case's job: the same for the same wish, however often it is repeated.

    A name-based UUID (RFC 9562 version 5) under the root 2.25 (PS3.5 annex B.2), so that a repeated
    request names the same work item and nothing is started twice.

    Parameters
    ----------
    digest : str
        The case's digest: the very bytes that are to be processed.
    url : str
        The destination.
    pipeline : str
        Name of the pipeline.
    options : mapping
        Its options.
    again : int
        Counts the times that the user wanted the same job anew.
    """
    wish = [digest, url, pipeline, json.dumps(options, sort_keys=True), again]
    return f"2.25.{uuid.uuid5(_NAMESPACE, json.dumps(wish)).int}"


def workitem(
    case: Case, url: str, pipeline: str, options: Mapping[str, Any], wanted_at: datetime
) -> DataSet:
    """Return the data set that creates a work item (PS3.4 table CC.2.5-3), all inputs listed.

    Its SOP Instance UID stands in the request's URL and nowhere in here.

    Parameters
    ----------
    case : Case
        Gives inputs and pseudonymous patient; the patient's name, birth date and sex stay empty.
    url : str
        DICOMweb base URL of the server, which has the inputs.
    pipeline : str
        Code Value of the Scheduled Workitem Code.
    options : mapping of str to str, int, float or bool
        Content items of the Scheduled Processing Parameters.
    wanted_at : datetime
        When the job was asked for, with its time zone; the same for each repetition, so that a
        repeated request is the same to the byte.
    """
    start = wanted_at.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")
    inputs = [(item.sop_class_uid, item.sop_instance_uid) for item in case.instances]
    return {
        **{tag: element(vr) for tag, vr in PRESENT.items()},
        "00080016": element("UI", UPS_PUSH),
        "00081195": element("UI"),  # Transaction UID: empty until somebody claims the work item
        "00100020": element("LO", case.patient_id),
        "0020000D": element("UI", case.study_uid),
        "00404005": element("DT", start),  # Scheduled Procedure Step Start DateTime
        "00404018": element("SQ", code(pipeline, SCHEME, pipeline)),
        "00404021": element("SQ", referenced(case.study_uid, case.series_uid, inputs, url)),
        "00404041": element("CS", "READY"),
        "00741000": element("CS", "SCHEDULED"),
        "00741200": element("CS", "MEDIUM"),
        "00741202": element("LO", "Clinic2Cloud"),
        "00741204": element("LO", pipeline[:64]),
        "00741210": element("SQ", *(_parameter(name, options[name]) for name in sorted(options))),
    }


def _parameter(name: str, value: Any) -> DataSet:
    """Return one option as a content item (PS3.3 table 10-2); numbers stay exact as text."""
    said = value if isinstance(value, str) else json.dumps(value)
    return {
        "0040A040": element("CS", "TEXT"),
        "0040A043": element("SQ", code(name, SCHEME, name)),
        "0040A160": element("UT", said),
    }
