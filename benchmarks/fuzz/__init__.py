"""Fuzzing of what reads files of unknown origin: the header engine and the index."""
