"""A part of the course that no cell imports."""

WORD = "fetched when asked for"
