"""The steps a user takes, each tying the rooms together: the same for panel, shell and Jupyter."""
