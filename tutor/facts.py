"""What a review comes down to when a class is counted or two runs are compared: a tenth of its size, kept beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def facts(body: Mapping[str, Any]) -> dict[str, Any]:
    """What the cohort page and a comparison of two runs count, a tenth of the size of the review."""
    faults = [finding for finding in body["findings"] if finding["severity"] != "praises"]
    beliefs: dict[str, str] = {}
    for finding in faults:
        for belief in finding["misconceptions"][:1]:  # a rule names the likeliest belief first; the others are guesses
            beliefs.setdefault(belief, finding["rule"])
    yours = {target["id"]: target["yours"] for target in body["targets"]}
    latency = next((yours[name] for name in ("ttft-p99", "days") if name in yours), None)
    cost = next((yours[name] for name in ("cost", "budget") if name in yours), None)
    repair = body.get("repair")
    return {
        "score": body["score"], "capped": bool(body.get("capped")), "criteria": {c["id"]: c["points"] for c in body["criteria"]},
        "targets": [[target["label"], target["met"]] for target in body["targets"]],
        "rules": [[finding["rule"], finding["severity"]] for finding in faults], "beliefs": beliefs,
        "repair": repair_words(body), "searched": repair is not None, "point": [latency, cost] if latency and cost else None,
    }


def repair_words(body: Mapping[str, Any]) -> str:
    """The smallest repair of one design in words that can be counted over a class; empty when there is none.

    >>> row = {"field": "replicas", "label": "replicas", "before": 2, "after": 4, "after_shown": "4"}
    >>> repair_words({"repair": {"fewest": {"rows": [row]}}}), repair_words({"repair": None})
    ('replicas up', '')
    """
    rows = ((body.get("repair") or {}).get("fewest") or {}).get("rows", ())
    return " and ".join(sorted(_change(row) for row in rows if row["field"]))


def _change(row: Mapping[str, Any]) -> str:
    before, after = row["before"], row["after"]
    if isinstance(before, bool) or not isinstance(before, int | float) or not isinstance(after, int | float):
        return f"{row['label']} {row['after_shown']}"
    return f"{row['label']} {'up' if after > before else 'down'}"
