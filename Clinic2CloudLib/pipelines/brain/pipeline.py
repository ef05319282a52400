"""brain-volumetry: from a head's images to outlines, volumes and a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ...progress import Progress, part
from ..inputs import read_study
from ..registry import BRAIN_VOLUMETRY, OptionValue
from ..results.identity import run_of
from ..results.report import make_report
from ..results.segmentation import make_segmentation
from ..results.writing import free_series_number, write_results
from .measure import segments_of, volumes_of
from .segment import segment_brain


def run(
    inputs: Sequence[Path],
    out: Path,
    options: Mapping[str, OptionValue],
    progress: Progress,
) -> tuple[Path, ...]:
    """Run the pipeline; see :class:`~Clinic2CloudLib.pipelines.registry.Pipeline`."""
    study = read_study(inputs, ("MR", "CT"), part(progress, 0.0, 0.1))
    outcome = segment_brain(study.volume, part(progress, 0.1, 0.9))
    job = run_of(BRAIN_VOLUMETRY.name, BRAIN_VOLUMETRY.version, options, study.uids)
    title = BRAIN_VOLUMETRY.title
    number = free_series_number(study)
    segments = segments_of(outcome)
    segmentation = None
    if options["segmentation"]:
        progress(0.92, "writing the outlines")
        segmentation = make_segmentation(study, segments, job, title, number)
    progress(0.96, "writing the report")
    report = make_report(
        study,
        volumes_of(segments, study.volume),
        (*outcome.remarks, *study.remarks),
        segmentation,
        job,
        title,
        number + 1,
    )
    progress(0.98, "saving the results")
    written = write_results(out, {"segmentation.dcm": segmentation, "report.dcm": report})
    progress(1.0, "done")
    return written
