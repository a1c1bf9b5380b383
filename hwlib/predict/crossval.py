"""What the models say of cases that their constants have not seen.

Two ways of not seeing. ``group``: the whole group (a paper, a system, a benchmark) is left out of the fit, so the
prediction rests on what all others have in common. ``fold``: a fifth of each group is left out, drawn by a hash
of the case's id, so the stack and the chip are known but the case is not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from zlib import crc32

from hwlib.predict import said
from hwlib.predict.constants import Constants
from hwlib.predict.family import Family
from hwlib.predict.fit import ENOUGH, Observation, fit
from hwlib.predict.row import Refused

FOLDS = 5
KINDS = ("fold", "group")


@dataclass(frozen=True, slots=True)
class Held:
    """A measured metric and what constants fitted without it say; None where it is refused."""

    at: Observation
    predicted: float | None
    seen: bool
    """Whether enough cases of the row's last level were left in the fit."""
    reason: str = ""

    @property
    def residual(self) -> float:
        """log(measured / predicted): what the prediction has to be multiplied with, in log."""
        assert self.predicted is not None
        return math.log(self.at.value / self.predicted)

    @property
    def error(self) -> float:
        """Relative error of the prediction, with its sign."""
        assert self.predicted is not None
        return self.predicted / self.at.value - 1


def fold_of(case_id: str, folds: int = FOLDS) -> int:
    """The fold of a case: the same on every machine and in every run.

    >>> fold_of("8-mamf-0000"), fold_of("8-mamf-0001"), fold_of("8-mamf-0003")
    (3, 3, 4)
    """
    return crc32(case_id.encode()) % folds


def level_of(family: Family, at: Observation) -> str:
    """The last and most special level of a row, the one whose being known makes the case one of its kind."""
    try:
        return (family.levels(at.row) or ("",))[-1]
    except (ValueError, ArithmeticError):
        return ""


def held_out(family: Family, seen: Sequence[Observation], kind: str) -> list[Held]:
    """Every observation, predicted by constants that were fitted without its fold or its group."""
    part: Callable[[Observation], object] = (lambda at: fold_of(at.row.id)) if kind == "fold" else (lambda at: at.row.group)
    found: dict[int, Held] = {}
    for name in sorted({part(at) for at in seen}, key=str):
        rest = [at for at in seen if part(at) != name]
        left = [at for at in seen if part(at) == name]
        for held in predicted(family, left, fit(family, rest), known=levels_in(family, rest)):
            found[id(held.at)] = held
    return [found[id(at)] for at in seen]


def levels_in(family: Family, seen: Iterable[Observation]) -> dict[str, int]:
    """Cases of each last level."""
    cases: dict[str, set[str]] = {}
    for at in seen:
        cases.setdefault(level_of(family, at), set()).add(at.row.id)
    return {level: len(ids) for level, ids in sorted(cases.items()) if level}


def predicted(family: Family, seen: Iterable[Observation], constants: Constants, *, known: dict[str, int]) -> list[Held]:
    """What these constants say of these observations."""
    found = []
    for at in seen:
        is_known = not family.constants or known.get(level_of(family, at), 0) >= ENOUGH
        try:
            value = said(family, at.row, constants).get(at.metric)
            found.append(Held(at, value, is_known, "" if value is not None else f"{at.metric} does not follow from the inputs"))
        except Refused as error:
            found.append(Held(at, None, is_known, str(error)))
    return found


def by_datasheet(family: Family, seen: Iterable[Observation]) -> list[Held]:
    """What the datasheet's peaks say, with nothing fitted."""
    found = []
    for at in seen:
        try:
            value = family.datasheet(at.row).get(at.metric)
            ok = value is not None and 0 < value < math.inf
            found.append(Held(at, float(value) if ok else None, True, "" if ok else "no datasheet figure"))
        except (ValueError, ArithmeticError, LookupError) as error:
            found.append(Held(at, None, True, str(error)))
    return found
