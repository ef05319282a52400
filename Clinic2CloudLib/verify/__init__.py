"""The second, independent look at a case: leaks, references, conformance."""
