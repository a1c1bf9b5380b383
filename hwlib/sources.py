"""Where a number comes from: a source, somebody's choice, a derivation or a simulated run.

An origin travels on the number itself (`Figure.origin`), so that whoever holds the number can ask why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["vendor", "paper", "benchmark", "filing", "press", "estimate", "definition", "fitted"]


@dataclass(frozen=True, slots=True)
class Source:
    """A figure that was read somewhere.

    ``key`` is an entry of `book/references.bib`; ``where`` the place inside it; ``as_printed`` the vendor's
    words; ``checked`` the date on which it was read, or ``""`` when it is remembered and not read.
    """

    key: str
    where: str = ""
    kind: Kind = "vendor"
    as_printed: str = ""
    checked: str = ""
    note: str = ""
    subject: str = ""
    """What the figure belongs to, in words: "NVIDIA H100 SXM", "Llama 2 70B"."""

    @property
    def remembered(self) -> bool:
        """Whether nobody has read this figure in the source named.

        >>> Source("nvidia2022h100").remembered, Source("nvidia2022h100", checked="2026-11-23").remembered
        (True, False)
        """
        return not self.checked and self.kind not in ("definition", "fitted")

    def words(self) -> str:
        """One line for a table's "where from".

        >>> Source("touvron2023llama2", subject="Llama 2 70B").words()
        'Llama 2 70B, from memory'
        """
        if self.kind == "definition":
            return self.note or "definition"
        head = self.subject or self.key
        tail = {"fitted": "fitted", "estimate": "an estimate", "press": "press report"}.get(self.kind, "catalogue")
        return f"{head}, from memory" if self.remembered else f"{head}, {tail}"


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that somebody decided: the learner, the brief or the author, with the reason."""

    reason: str = ""
    by: Literal["learner", "brief", "assumption"] = "learner"

    def words(self) -> str:
        """
        >>> Choice(by="brief").words(), Choice("three shifts", by="assumption").words()
        ('set by the brief', 'assumed: three shifts')
        """
        head = {"learner": "your choice", "brief": "set by the brief", "assumption": "assumed"}[self.by]
        return f"{head}: {self.reason}" if self.reason else head


@dataclass(frozen=True, slots=True)
class Run:
    """A value read off a seeded simulation: no closed form, but repeatable from the inputs kept here."""

    what: str
    cites: str
    seed: int
    inputs: dict[str, Any] = field(default_factory=dict)

    def words(self) -> str:
        """
        >>> Run("p99 of 2,000 requests", "yu2022orca", 1).words()
        'simulated: p99 of 2,000 requests, seed 1'
        """
        return f"simulated: {self.what}, seed {self.seed}"


DEFINITION = Source("definition", kind="definition", note="definition")
