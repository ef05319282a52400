"""Burned-in annotation: which instances are at risk, where text is, and how it is taken out."""
