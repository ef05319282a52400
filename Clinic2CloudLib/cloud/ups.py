"""Work items over HTTP: UPS-RS (PS3.18 section 11), as far as a client of pipelines needs it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..errors import CloudError
from ..progress import Progress
from . import dicomjson
from .dicomjson import DataSet
from .service import PAGE, Service

if TYPE_CHECKING:
    import requests

_JSON = "application/dicom+json"


class WorkItemService(Service):
    """Creates, retrieves, searches and cancels work items."""

    def create_workitem(
        self, uid: str, data_set: DataSet, progress: Progress | None = None
    ) -> bool:
        """Create a work item under our own UID (PS3.18 section 11.4).

        Returns
        -------
        bool
            False when the server had it already (200 or 409): an earlier request got through.

        Raises
        ------
        CloudError
            When the server refuses it, for instance because inputs are missing there.
        """

        def ask() -> bool:
            answer = self._post(f"/workitems?workitem={uid}", data_set)
            if answer.status_code == 409 and self._workitem(uid) is not None:
                return False
            if answer.status_code not in (200, 201):
                raise CloudError(self._refusal("does not start the processing", answer))
            return answer.status_code == 201

        return self.patience.keep_trying(ask, progress)

    def workitem(self, uid: str, progress: Progress | None = None) -> DataSet:
        """Retrieve a work item (section 11.5).

        Raises
        ------
        CloudError
            When the server does not know it.
        """
        found = self.find_workitem(uid, progress)
        if found is None:
            raise CloudError(f"{self._host} does not know this job")
        return found

    def find_workitem(self, uid: str, progress: Progress | None = None) -> DataSet | None:
        """Retrieve a work item, None when the server has none of that UID."""
        return self.patience.keep_trying(lambda: self._workitem(uid), progress)

    def _workitem(self, uid: str) -> DataSet | None:
        answer = self._http.send("GET", f"/workitems/{uid}")
        if answer.status_code in (404, 410):
            return None
        listed = self._json(answer)
        # A work item's own UID stands in the request; not every server repeats it in the data set.
        return {"00080018": dicomjson.element("UI", uid)} | listed[0] if listed else None

    def workitems(
        self, match: Mapping[str, str] | None = None, progress: Progress | None = None
    ) -> list[DataSet]:
        """Search work items (section 11.9); the keys of ``match`` are tags or keywords."""
        found: dict[str, DataSet] = {}
        while True:
            asked = {**(match or {}), "includefield": "all", "limit": str(PAGE)}
            page = self._search("/workitems", asked | {"offset": str(len(found))}, progress)
            fresh = {dicomjson.text(item, "00080018"): item for item in page}
            if not fresh.keys() - found.keys():
                return list(found.values())
            found.update(fresh)

    def request_cancel(self, uid: str, progress: Progress | None = None) -> None:
        """Ask for a job to be cancelled (section 11.8).

        Raises
        ------
        CloudError
            When it has ended already, or the server does not know it.
        """

        def ask() -> None:
            answer = self._post(f"/workitems/{uid}/cancelrequest", {})
            if answer.status_code == 409:
                raise CloudError("the job has ended already; it cannot be cancelled")
            if answer.status_code not in (200, 202):
                raise CloudError(self._refusal("does not cancel the job", answer))

        self.patience.keep_trying(ask, progress)

    def _post(self, path: str, data_set: DataSet) -> requests.Response:
        body = json.dumps([data_set]).encode()
        return self._http.send("POST", path, headers={"Content-Type": _JSON}, data=body)
