"""The two cameras of the review follow each other, and outlive nobody."""

from __future__ import annotations

import gc
from typing import Any

from test_review_section import choose


def test_one_camera_takes_the_other_along(reviewing: Any) -> None:
    from Clinic2CloudWidgets.cameras import AFTER, BEFORE, cameraNode

    choose(reviewing)
    before, after = cameraNode(BEFORE), cameraNode(AFTER)
    before.SetPosition(10.0, 20.0, 30.0)
    assert after.GetPosition() == (10.0, 20.0, 30.0)
    after.SetPosition(-40.0, 5.0, 6.0)
    assert before.GetPosition() == (-40.0, 5.0, 6.0)


def test_views_that_a_script_drops_do_not_end_the_application(reviewing: Any) -> None:
    """A closure over both cameras was collected while they lived on, and the next turn crashed."""
    from Clinic2CloudWidgets.cameras import AFTER, BEFORE, LinkedCameras, cameraNode

    choose(reviewing)
    reviewing.panel.review.views._cameras.release()
    before, after = cameraNode(BEFORE), cameraNode(AFTER)
    dropped = LinkedCameras()
    dropped.link()
    before.SetPosition(1.0, 2.0, 3.0)
    assert after.GetPosition() == (1.0, 2.0, 3.0)
    del dropped
    gc.collect()
    before.SetPosition(7.0, 8.0, 9.0)
    assert after.GetPosition() == (1.0, 2.0, 3.0), "nobody links them any more"
