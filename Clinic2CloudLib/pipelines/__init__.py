"""What the cloud runs on the images it was sent."""

from .local import ResultRow, read_results
from .registry import PIPELINES, Option, Pipeline, pipeline

__all__ = ["PIPELINES", "Option", "Pipeline", "ResultRow", "pipeline", "read_results"]
