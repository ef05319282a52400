"""The second, independent look at a case: leaks, references, conformance."""

from .model import Finding, Verification
from .run import verify_case

__all__ = ["Finding", "Verification", "verify_case"]
