"""The head the demo makes when it is given none."""
