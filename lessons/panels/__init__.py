"""The live panels of the book: one module a panel, with the stem of its page.

``view(**inputs)`` computes and draws; it is pure, and it is what the tests hold to hwlib. ``panel()`` wires
ipywidgets to it and computes nothing. `parts` is the frame that all panels share, `predict` the block that
asks before it tells, `quiz` an item that differs at each visit.
"""
