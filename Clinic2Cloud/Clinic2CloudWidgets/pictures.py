"""The look at a case of single images, which have no volume to turn."""

from __future__ import annotations

from typing import Any

import qt
from slicer.i18n import tr as _

#: As wide as the panel is by default, and not so high that the decision slips out of sight; pixels.
WIDTH, HEIGHT = 460, 420


def showPicture(label: Any, case: Any) -> str:
    """Show a case's images before and after in a label; return what to say of them."""
    sheet = (case.preview or {}).get("sheet")
    picture = qt.QPixmap(str(case.folder / sheet)) if sheet else None
    if picture is None or picture.isNull():
        return _("This case holds nothing that can be drawn; open the report to see what it is.")
    if picture.width() > WIDTH or picture.height() > HEIGHT:
        picture = picture.scaled(WIDTH, HEIGHT, qt.Qt.KeepAspectRatio, qt.Qt.SmoothTransformation)
    label.setPixmap(picture)
    label.setVisible(True)
    return _("Above before (stays here), below after (would leave). The report shows it larger.")
