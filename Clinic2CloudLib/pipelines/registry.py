"""The pipelines a cloud offers, and the options each takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeAlias

from ..errors import InputError
from ..progress import Progress, silent

OptionValue: TypeAlias = bool | int | float | str
OptionKind: TypeAlias = Literal["bool", "int", "float", "text", "choice"]


@dataclass(frozen=True)
class Option:
    """One setting of a pipeline.

    Attributes
    ----------
    name : str
        As it is written in a work item and on the command line.
    kind : {'bool', 'int', 'float', 'text', 'choice'}
        What values it takes.
    default : bool, int, float or str
        What holds when it is not given.
    choices : tuple of str
        For ``choice``: what may be chosen.
    help : str
        One sentence for the user.
    """

    name: str
    kind: OptionKind
    default: OptionValue
    choices: tuple[str, ...] = ()
    help: str = ""

    def read(self, value: object) -> OptionValue:
        """Return a value as this option's kind; work items carry all values as text.

        Raises
        ------
        InputError
            When it is not one.
        """
        text = str(value).strip()
        if self.kind == "bool":
            known = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
            if text.lower() in known:
                return known[text.lower()]
            raise InputError(f"option {self.name} must be true or false")
        if self.kind == "choice":
            if text in self.choices:
                return text
            raise InputError(f"option {self.name} must be one of {', '.join(self.choices)}")
        if self.kind == "text":
            return text
        return self._number(text)

    def _number(self, text: str) -> int | float:
        if self.kind == "int":
            if text.lstrip("+-").isdecimal():
                return int(text)
            raise InputError(f"option {self.name} must be a whole number")
        try:
            number = float(text)
        except ValueError as error:
            raise InputError(f"option {self.name} must be a number") from error
        if number != number or abs(number) == float("inf"):
            raise InputError(f"option {self.name} must be a finite number")
        return number


RunFunction: TypeAlias = Callable[
    [Sequence[Path], Path, Mapping[str, OptionValue], Progress], tuple[Path, ...]
]


@dataclass(frozen=True)
class Pipeline:
    """Something the cloud can do with de-identified images.

    Attributes
    ----------
    name : str
        As it is written in a work item and on the command line.
    title, description : str
        For the user.
    options : tuple of Option
        What may be set.
    function : callable
        ``function(inputs, out, options, progress)`` with the options checked and complete.
    version : str
        Changes whenever the results may; it is part of the results' UIDs.
    """

    name: str
    title: str
    description: str
    options: tuple[Option, ...]
    function: RunFunction
    version: str

    def check(self, options: Mapping[str, object] | None) -> dict[str, OptionValue]:
        """Return all options: the given ones checked, the others at their default.

        Raises
        ------
        InputError
            For an option that the pipeline does not have or a value that it does not take.
        """
        given = dict(options or {})
        known = {option.name for option in self.options}
        unknown = sorted(set(given) - known)
        if unknown:
            has = ", ".join(sorted(known)) or "none"
            raise InputError(f"pipeline {self.name} has no option {unknown[0]} (it has: {has})")
        return {
            option.name: option.read(given[option.name]) if option.name in given else option.default
            for option in self.options
        }

    def run(
        self,
        inputs: Sequence[Path],
        out: Path,
        options: Mapping[str, object] | None = None,
        progress: Progress | None = None,
    ) -> tuple[Path, ...]:
        """Process de-identified DICOM files.

        Parameters
        ----------
        inputs : sequence of Path
            Part 10 files of one study, marked as de-identified.
        out : Path
            Folder for the results; made when missing.
        options : mapping, optional
            Settings; see :meth:`check`.
        progress : Progress, optional
            Told how far it is; raises Cancelled to stop.

        Returns
        -------
        tuple of Path
            The DICOM result files, written whole or not at all.

        Raises
        ------
        Clinic2CloudError
            With one sentence: no images, wrong images, no result possible, no space left.
        """
        checked = self.check(options)
        if not inputs:
            raise InputError(f"pipeline {self.name} was given no images")
        return self.function(tuple(inputs), out, checked, progress or silent)


def pipeline(name: str) -> Pipeline:
    """Return a pipeline by its name.

    Raises
    ------
    InputError
        When there is none of this name; the sentence lists those there are.
    """
    if name not in PIPELINES:
        raise InputError(f"there is no pipeline {name!r} (there are: {', '.join(PIPELINES)})")
    return PIPELINES[name]


def _brain_volumetry(
    inputs: Sequence[Path], out: Path, options: Mapping[str, OptionValue], progress: Progress
) -> tuple[Path, ...]:
    from .brain.pipeline import run

    return run(inputs, out, options, progress)


BRAIN_VOLUMETRY = Pipeline(
    "brain-volumetry",
    "Brain volumetry",
    "Outlines brain, grey matter, white matter and CSF on MR, brain and CSF on CT of the head, and"
    " measures their volumes: a DICOM segmentation and a structured report. An estimate by"
    " classical methods, not for diagnosis.",
    (
        Option(
            "segmentation",
            "bool",
            True,
            help="write the outlines as a DICOM segmentation beside the report",
        ),
    ),
    _brain_volumetry,
    "1",
)

#: All pipelines by name.
PIPELINES: Mapping[str, Pipeline] = MappingProxyType({p.name: p for p in (BRAIN_VOLUMETRY,)})
