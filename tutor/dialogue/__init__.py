"""Free text read by rules: normalise, act, slots, claims computed, frames matched, a move chosen, a reply.

`Discussion(brief, entry).say(text)` is all that a caller needs. It never guesses: what it did not understand
it says, together with what it can compute.
"""

from __future__ import annotations

from tutor.dialogue.discussion import Discussion

__all__ = ["Discussion"]
