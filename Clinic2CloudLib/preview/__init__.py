"""Before and after, rendered from the same camera with the same transfer function."""
