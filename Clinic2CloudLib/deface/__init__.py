"""Where the face is, and what is put in its place."""
