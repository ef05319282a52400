"""Subscriptions to work items (PS3.18 sections 11.10 to 11.12), over a real WebSocket."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import servermaker as sm
from servermaker import TOKEN, Uids, Web, value, work

client = pytest.importorskip("websockets.sync.client")
exceptions = pytest.importorskip("websockets.exceptions")

ALL, FILTERED = "1.2.840.10008.5.1.4.34.5", "1.2.840.10008.5.1.4.34.5.1"
STATE, CANCEL, PROGRESS = 1, 2, 3


class Listener:
    """A subscriber that is listening."""

    def __init__(self, web: Web, title: str = "CLINIC", token: str = TOKEN) -> None:
        self.url = web.base.replace("http://", "ws://") + f"/subscribers/{title}"
        headers = {"Authorization": f"Bearer {token}"}
        self._open = contextlib.ExitStack()
        self.socket = self._open.enter_context(
            client.connect(self.url, additional_headers=headers, proxy=None)
        )

    def close(self) -> None:
        self._open.close()

    def next(self, seconds: float = 20) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.socket.recv(timeout=seconds))
        return event

    def until(self, kind: int, state: str | None = None) -> dict[str, Any]:
        while True:
            event = self.next()
            if value(event, "00001002") == kind and state in (None, value(event, "00741000")):
                return event

    def silent(self) -> bool:
        try:
            self.next(0.3)
        except TimeoutError:
            return True
        return False


@pytest.fixture
def listener(web: Web) -> Iterator[Listener]:
    made = Listener(web)
    yield made
    made.close()


def foreign(web: Web, uid: str, **more: Any) -> None:
    item = work("reading", [], **more)
    item["00404018"]["Value"][0]["00080102"]["Value"] = ["99OTHER"]
    assert web.post(f"/workitems?workitem={uid}", item).status_code == 201


def subscribe(web: Web, uid: str, title: str = "CLINIC", **params: str) -> requests.Response:
    answer: requests.Response = web.session.post(
        f"{web.base}/workitems/{uid}/subscribers/{title}", params=params, timeout=10
    )
    return answer


def claim(web: Web, uid: str) -> None:
    wanted = {
        "00741000": {"vr": "CS", "Value": ["IN PROGRESS"]},
        "00081195": {"vr": "UI", "Value": ["2.25.50"]},
    }
    assert web.put(f"/workitems/{uid}/state", wanted).status_code == 200


def test_a_subscriber_hears_how_its_job_goes(web: Web, gate: Path, listener: Listener) -> None:
    web.store(sm.slices(2))
    web.post("/workitems?workitem=2.25.1", work("slow", Uids(2).list()))
    answer = subscribe(web, "2.25.1")
    assert answer.status_code == 201
    assert answer.headers["Content-Location"] == listener.url
    first = listener.until(STATE)
    assert value(first, "00001000") == "2.25.1"
    assert value(first, "00000002") == "1.2.840.10008.5.1.4.34.6.4"
    told = listener.until(PROGRESS)
    assert value(told, "00741002", "00741006").startswith("st")
    (gate / "go").touch()
    assert value(listener.until(STATE, "COMPLETED"), "00404041") == "READY"


def test_the_worklists_subscriber_hears_of_new_items(web: Web, listener: Listener) -> None:
    foreign(web, "2.25.1")
    subscribe(web, ALL)
    assert value(listener.next(), "00001000") == "2.25.1"
    foreign(web, "2.25.2")
    assert value(listener.next(), "00001000") == "2.25.2"
    assert listener.silent()


@pytest.mark.parametrize("params", [{"filter": "00741200=HIGH"}, {"00741200": "HIGH"}])
def test_a_filter_lets_through_what_matches(
    web: Web, listener: Listener, params: dict[str, str]
) -> None:
    assert subscribe(web, FILTERED).status_code == 400
    assert subscribe(web, FILTERED, **params).status_code == 201
    foreign(web, "2.25.1")
    foreign(web, "2.25.2", **{"00741200": {"vr": "CS", "Value": ["HIGH"]}})
    assert value(listener.next(), "00001000") == "2.25.2"
    assert listener.silent()


def test_after_a_suspension_new_items_are_silent_and_old_ones_are_not(
    web: Web, listener: Listener
) -> None:
    foreign(web, "2.25.1")
    subscribe(web, ALL)
    listener.next()
    answer = web.post(f"/workitems/{ALL}/subscribers/CLINIC/suspend", b"")
    assert answer.status_code == 200
    foreign(web, "2.25.2")
    claim(web, "2.25.2")
    claim(web, "2.25.1")
    event = listener.next()
    assert (value(event, "00001000"), value(event, "00741000")) == ("2.25.1", "IN PROGRESS")
    assert web.post(f"/workitems/{ALL}/subscribers/CLINIC/suspend", b"").status_code == 404


def test_who_unsubscribes_hears_no_more(web: Web, listener: Listener) -> None:
    foreign(web, "2.25.1")
    subscribe(web, "2.25.1")
    listener.next()
    url = f"{web.base}/workitems/2.25.1/subscribers/CLINIC"
    assert web.session.delete(url, timeout=10).status_code == 200
    claim(web, "2.25.1")
    assert listener.silent()


def test_another_performer_hears_that_it_should_stop(web: Web, listener: Listener) -> None:
    foreign(web, "2.25.1")
    claim(web, "2.25.1")
    refused = web.post("/workitems/2.25.1/cancelrequest", b"")
    assert refused.status_code == 409
    assert "cannot be contacted" in refused.headers["Warning"]
    subscribe(web, "2.25.1")
    listener.next()
    wish = {"00741238": {"vr": "LT", "Value": ["not needed"]}}
    assert web.post("/workitems/2.25.1/cancelrequest", wish).status_code == 202
    event = listener.until(CANCEL)
    assert value(event, "00741238") == "not needed"
    assert value(web.get("/workitems/2.25.1").json()[0], "00741000") == "IN PROGRESS"


def test_nobody_listens_without_the_token(web: Web) -> None:
    with pytest.raises(exceptions.InvalidStatus):
        Listener(web, token="wrong")


@pytest.mark.parametrize("title", ["SEVENTEEN-LETTERS", "back\\slash"])
def test_a_subscriber_needs_an_ae_title(web: Web, title: str) -> None:
    foreign(web, "2.25.1")
    assert subscribe(web, "2.25.1", title).status_code == 400
    assert subscribe(web, "2.25.404").status_code == 404
