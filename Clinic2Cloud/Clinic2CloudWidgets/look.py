"""What a person has to have seen before a case may be approved, and what of it was seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from slicer.i18n import tr as _

from .views import ANGLES

#: So many volumes of a series are looked at one by one.
MOST_VOLUMES = 8


class AngleLook:
    """The look at a volume: from five sides.

    Parameters
    ----------
    panel : Panel
        The panel.
    views : CaseViews
        What is turned.
    changed : callable
        Called when more was seen.
    """

    def __init__(self, panel: Any, views: Any, changed: Callable[[], None]) -> None:
        self._views, self._changed = views, changed
        self._bar = panel.ui.angleWidget
        self.active = self._counts = False
        self.seen: set[str] = set()
        self._buttons = {angle: getattr(panel.ui, f"{angle}_Button") for angle in ANGLES}
        self._titles = {angle: button.text for angle, button in self._buttons.items()}
        for number, (angle, button) in enumerate(self._buttons.items(), 1):
            button.connect("clicked()", lambda angle=angle: self.lookFrom(angle))
            panel.shortcut(str(number), lambda angle=angle: self.lookFrom(angle))

    def begin(self, counts: bool) -> None:
        """A volume is shown, from the front; of several one has to be seen from every side."""
        self.active, self._counts = True, counts
        self._bar.setVisible(True)
        self.lookFrom("front")

    def lookFrom(self, angle: str) -> None:
        """Turn both views and note that the angle was seen."""
        if not self.active or not self._views.case:
            return
        self._views.lookFrom(angle)
        if self._counts:
            self.seen.add(angle)
            self._buttons[angle].setText(f"{self._titles[angle]} ✓")
        self._changed()

    def lacking(self) -> str:
        """Return what still has to be seen as a sentence; empty when nothing has."""
        missing = [self._titles[angle] for angle in ANGLES if angle not in self.seen]
        if not self.active or not missing:
            return ""
        return _("Look from the other angles too: {names}").format(names=", ".join(missing))

    def enable(self, on: bool) -> None:
        """Let the buttons be pressed."""
        for button in self._buttons.values():
            button.setEnabled(on and self.active)

    def forget(self) -> None:
        """Nothing was seen (any more)."""
        self.active = False
        self.seen = set()
        for angle, button in self._buttons.items():
            button.setText(self._titles[angle])


class VolumeLook:
    """The volumes of a case, where it has several: echoes, time points, other orientations.

    Parameters
    ----------
    panel : Panel
        The panel.
    choose : callable
        ``choose(number)`` when the user wants to see another.
    """

    def __init__(self, panel: Any, choose: Callable[[int], None]) -> None:
        self._combo = panel.ui.volumeComboBox
        self._combo.connect("activated(int)", choose)
        self.forget()

    def begin(self, number: int, count: int) -> None:
        """Note that a volume is shown, one of so many."""
        self.count = count
        self.seen.add(number)
        blocked = self._combo.blockSignals(True)
        self._combo.clear()
        for index in range(count):
            text = _("Volume {number} of {count}").format(number=index + 1, count=count)
            self._combo.addItem(f"{text} ✓" if index in self.seen else text)
        self._combo.setCurrentIndex(number)
        self._combo.blockSignals(blocked)
        self._combo.setVisible(count > 1)

    def lacking(self) -> str:
        """Return what still has to be seen as a sentence; empty when nothing has."""
        missing = [number for number in wantedVolumes(self.count) if number not in self.seen]
        if not missing:
            return ""
        names = ", ".join(str(number + 1) for number in missing)
        return _("Look at the other volumes of this series too: {names}").format(names=names)

    def enable(self, on: bool) -> None:
        """Let another be chosen."""
        self._combo.setEnabled(on)

    def forget(self) -> None:
        """Nothing was seen (any more)."""
        self.count, self.seen = 0, set()
        self._combo.setVisible(False)


def wantedVolumes(count: int) -> list[int]:
    """Return which volumes have to be seen: each, but of a long row first, middle and last."""
    numbers = range(count)
    return list(numbers) if count <= MOST_VOLUMES else firstMiddleLast(numbers)


def firstMiddleLast(row: Sequence[int]) -> list[int]:
    """Return what stands for a long row."""
    return [row[0], row[len(row) // 2], row[-1]]


class PictureLook:
    """The look at single images: each of them, and of a cine its first, middle and last frame.

    Parameters are those of :class:`AngleLook`; the views are PictureViews.
    """

    def __init__(self, panel: Any, views: Any, changed: Callable[[], None]) -> None:
        self._views, self._changed = views, changed
        self._ui = ui = panel.ui
        self.active = False
        self.seen: set[int] = set()
        self.at = 0
        self._pictures: Sequence[dict] = ()
        self._wanted: list[int] = []
        ui.pictureSlider.connect("valueChanged(int)", self.go)
        ui.previousPictureButton.connect("clicked()", self.previous)
        ui.nextPictureButton.connect("clicked()", self.next)
        panel.shortcut(".", self.next)
        panel.shortcut(",", self.previous)
        self.forget()

    def begin(self, pictures: Sequence[dict]) -> None:
        """Images are shown; the first of them is seen."""
        self.active = True
        self._pictures = pictures
        self._wanted = wantedOf(pictures)
        self._present(True)
        blocked = self._ui.pictureSlider.blockSignals(True)
        self._ui.pictureSlider.setMaximum(len(pictures) - 1)
        self._ui.pictureSlider.blockSignals(blocked)
        self.go(0)

    def go(self, number: int) -> None:
        """Show an image and note that it was seen."""
        if not self.active or not 0 <= number < len(self._pictures):
            return
        self.at = number
        self._views.go(number)
        self.seen.add(number)
        blocked = self._ui.pictureSlider.blockSignals(True)
        self._ui.pictureSlider.setValue(number)
        self._ui.pictureSlider.blockSignals(blocked)
        self._ui.pictureLabel.setText(self._title(number))
        self._changed()

    def next(self) -> None:
        """Go to the next image that has to be seen, or that there is."""
        later = [number for number in self._wanted if number > self.at]
        unseen = [number for number in self._wanted if number not in self.seen]
        if later or unseen:
            self.go(min(later) if later else unseen[0])

    def previous(self) -> None:
        """Go back to the image before this one."""
        earlier = [number for number in self._wanted if number < self.at]
        if earlier:
            self.go(max(earlier))

    def _title(self, number: int) -> str:
        picture = self._pictures[number]
        files = list(dict.fromkeys(p["file"] for p in self._pictures))
        text = _("Image {number} of {count}").format(
            number=files.index(picture["file"]) + 1, count=len(files)
        )
        if picture["frames"] > 1:
            text += _(", frame {number} of {count}").format(
                number=picture["frame"] + 1, count=picture["frames"]
            )
        if picture["boxes"]:
            text += _(", {count} painted over").format(count=len(picture["boxes"]))
        tick = "" if [n for n in self._wanted if n not in self.seen] else " ✓"
        return text + tick

    def lacking(self) -> str:
        """Return what still has to be seen as a sentence; empty when nothing has."""
        missing = [number for number in self._wanted if number not in self.seen]
        if not self.active or not missing:
            return ""
        text = _("Look at the other images too: {count} are left (key .)")
        if len(missing) == 1:
            text = _("Look at the other images too: 1 is left (key .)")
        return text.format(count=len(missing))

    def enable(self, on: bool) -> None:
        """Let the images be turned over."""
        usable = on and self.active
        self._ui.pictureSlider.setEnabled(usable)
        self._ui.previousPictureButton.setEnabled(usable and self.at > 0)
        more = any(number > self.at or number not in self.seen for number in self._wanted)
        self._ui.nextPictureButton.setEnabled(usable and more)

    def forget(self) -> None:
        """Nothing was seen (any more)."""
        self.active = False
        self.seen, self.at = set(), 0
        self._pictures, self._wanted = (), []
        self._present(False)

    def _present(self, on: bool) -> None:
        self._ui.angleWidget.setVisible(not on)
        for widget in (self._ui.pictureWidget, self._ui.pictureLabel):
            widget.setVisible(on)


def wantedOf(pictures: Sequence[dict]) -> list[int]:
    """Return the numbers of the pictures that have to be seen: first, middle, last of each file."""
    byFile: dict[str, list[int]] = {}
    for number, picture in enumerate(pictures):
        byFile.setdefault(picture["file"], []).append(number)
    wanted = set()
    for numbers in byFile.values():
        wanted |= set(firstMiddleLast(numbers))
    return sorted(wanted)


def saidOfVolume(why: str) -> str:
    """Return what to say of the volume that is shown; ``why`` there is no original, if so."""
    if why:
        return _("Only the de-identified volume can be shown: {why}.").format(why=why)
    return _("Left before (stays here), right after (would leave). Turn one, both turn.")


def saidOfPictures(told: dict, why: str) -> str:
    """Return what to say of the images that are shown.

    Parameters
    ----------
    told : dict
        ``missing``, ``undrawn``, ``left_out`` and ``step`` of the ``compare`` task.
    why : str
        Why there are no originals; empty where they are shown.
    """
    if why:
        parts = [_("Only the de-identified images can be shown: {why}.").format(why=why)]
    else:
        parts = [
            _("Left before (stays here), right after (would leave); painted boxes are outlined.")
        ]
        if told["missing"]:
            parts.append(_("{count} have no original here.").format(count=told["missing"]))
    if told["undrawn"]:
        text = _("{count} cannot be drawn here: open the files in another viewer.")
        parts.append(text.format(count=told["undrawn"]))
    if told["left_out"]:
        text = _("{count} frames in between are not shown.")
        parts.append(text.format(count=told["left_out"]))
    if told["step"] > 1:
        parts.append(_("Shown at 1/{step} of their size.").format(step=told["step"]))
    return " ".join(parts)
