"""What the chapters say besides their panels: figures in prose, predictions, evidence, claims, quiz items.

One module a chapter, with its stem. ``facts()`` gives every figure of the prose by name, as text; nothing
here needs a browser, and only ``question()`` and ``quiz(rng)`` run in one.
"""
