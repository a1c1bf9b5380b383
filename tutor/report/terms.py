"""What the one waterfall of a student's page is made of: the terms of a first token, of a training step, of a bill.

Computed from the design alone, without a simulation: a page for each of thousands must cost little. What a simulated
percentile has beyond the terms that formulas give is waiting for others, and is called so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from hwlib.errors import BadInput
from tutor import designfile
from tutor.context import Context, NotKnown

Term = tuple[str, str, float]
"""Label, kind (a hue of the course, or "idle"), value."""


def terms_of(handed: Mapping[str, Any], given: Mapping[str, Any], targets: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Title, terms, unit, total's name and limit of one hand-in's waterfall; None where nothing can be computed."""
    try:
        numbers = {name: value for name, value in given.items() if name != "chips"}
        entry = designfile.entry(handed["brief"], handed["design"], assumptions={**handed.get("assumptions", {}), **numbers}, predictions={})
        ctx = Context(entry, simulate=False)
        return _KINDS[ctx.brief.kind](ctx, {target["id"]: target for target in targets})
    except (BadInput, NotKnown, KeyError):
        return None


def _first_token(ctx: Context, targets: Mapping[str, Any]) -> dict[str, Any] | None:
    from hwlib.replica import make_pass

    target, e = targets["ttft-p99"], ctx.estimate
    total, _, links = (float(value) for value in make_pass(ctx.design).prefill(e.p99_prompt_tokens))
    network = float(ctx.load.network_s)
    terms = [("network and gateway", "idle", network), ("prefill, on the chips", "compute", total - links), ("prefill, links", "network", links), ("one decode step", "memory", float(e.ttft_floor_p99_s) - network - total)]
    yours = target["yours"]
    if not isinstance(yours, int | float) or isinstance(yours, bool):
        return None
    rest = yours - sum(value for *_, value in terms)
    whole = rest >= 0
    if whole:
        terms.insert(1, ("waiting for others", "idle", rest))
    return {"title": "First token, 99th percentile" if whole else "First token of a long prompt, without waiting", "unit": "s", "limit": target["limit"], "total": "first token",
            "terms": _shown(terms),
            "caption": "A prompt as long as the 99th percentile of prompts; what the simulated percentile has beyond it is waiting for others. Hatched: no chip works for this user."
            if whole else "A prompt as long as the 99th percentile of prompts. Most requests near the 99th percentile of time have shorter ones. Hatched: no chip works for this user."}


def left(whole: float, parts: Iterable[float]) -> float:
    """What the parts leave of the whole; a difference in the last digits, which depends on the order of adding, is nothing.

    >>> left(1.0, [0.25, 0.5]), left(0.6, [0.1, 0.2, 0.3]), left(0.6, [0.3, 0.2, 0.1])
    (0.25, 0.0, 0.0)
    """
    rest = whole - math.fsum(parts)
    return rest if rest > 1e-9 * whole else 0.0


def _step(ctx: Context, targets: Mapping[str, Any]) -> dict[str, Any]:
    e = ctx.estimate
    terms = [("arithmetic", "compute", e.compute_s), ("computed again", "compute", e.recompute_s), ("tensor links", "network", e.tensor_comm_s),
             ("pipeline transfers", "network", e.pipeline_comm_s), ("gradients, exposed", "network", e.data_comm_exposed_s), ("optimizer", "memory", e.optimizer_s)]
    terms = [(label, kind, float(value)) for label, kind, value in terms]
    terms.insert(3, ("pipeline bubble", "idle", left(float(e.step_s), (value for *_, value in terms))))
    return {"title": "One training step", "unit": "s", "limit": None, "total": "one step", "terms": _shown(terms), "caption": "Hatched: chips wait and nothing happens."}


def _bill(ctx: Context, targets: Mapping[str, Any]) -> dict[str, Any]:
    e = ctx.estimate
    terms = [("serving", "ink2", sum(float(y.serving_usd) for y in e.years)), ("training", "ink2", sum(float(y.training_usd) for y in e.years)),
             ("people", "ink2", sum(float(y.people_usd) for y in e.years))]
    return {"title": "The bill of three years", "unit": "usd", "limit": None, "total": "together", "terms": _shown(terms), "caption": "Not discounted."}


def _shown(terms: list[Term]) -> list[Term]:
    return [(label, kind, value) for label, kind, value in terms if value > 0]


_KINDS = {"serving": _first_token, "training": _step, "tco": _bill}
