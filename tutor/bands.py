"""Where answers of known worth come out on the scale of 100: the best known, a beginner's, one that cannot exist.

A rubric is trusted when such answers land where people would put them. `python -m tutor bands` shows them with the
repair of each flawed sample; the tests hold them there.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hwlib.errors import BadInput
from tutor.best import best_entry
from tutor.briefs import brief, brief_ids
from tutor.context import Context, NotKnown
from tutor.designfile import Entry, entry, read_design
from tutor.samples import starter

LIMITS = {"best known": (95.0, 100.0), "a beginner's": (30.0, 60.0), "impossible": (0.0, 40.0)}
"""Kind of answer → the scores between which it should lie."""
BELIEVED: dict[str, tuple[Mapping[str, Any], str]] = {
    "serve-7b": ({"bottleneck": "compute"}, "We take fast chips because FLOPS set the decode speed. The weights need two bytes each. The KV cache grows with every user."),
    "train-100b": ({"bottleneck": "compute", "mfu": 0.9}, "Each chip holds its share of the weights. Tensor parallelism stays inside a node, where NVLink is. The run has no failures."),
    "serve-70b": ({"bottleneck": "compute", "prefill_s": 0.05}, "50,000 users a day means 50,000 requests at once. A p99 target needs headroom for the queue. Int8 is lossless."),
    "tco-3y": ({"bottleneck": "serving", "inference_share_y1": 0.9, "inference_share_y3": 0.95}, "Serving costs most, and training happens once. Cost per token depends on utilisation, so idle chips cost as much as busy ones."),
}
"""What a beginner predicts and writes beside the design that the form begins with: one idea that holds among beliefs that do not."""
IMPOSSIBLE: dict[str, Mapping[str, Any]] = {
    "serve-7b": {"accelerator": "groq-lpu-v1", "chips_per_replica": 1}, "train-100b": {"zero_stage": 0, "recompute": "none"}, "serve-70b": {"chips_per_replica": 1},
    "tco-3y": {"accelerator": "tpu-v5e", "financing": "owned"},
}
"""Changes of the reference design after which it cannot exist: it does not fit, or buys a chip that nobody sells."""
FLAWED = Path("lessons/designs")


def told(made: Entry) -> Entry:
    """The entry with every prediction right and the reference's text: then only the design decides the score."""
    of, ctx = brief(made.brief), Context(made)
    said: dict[str, Any] = {}
    for asked in of.predictions:
        try:
            value = ctx.measure(asked.measure)
        except NotKnown:
            continue
        if isinstance(value, str) or value == value and abs(value) != float("inf"):
            said[asked.name] = value if isinstance(value, str) else float(value)
    return entry(of, made.design, title=made.title, predictions=said, rationale=of.reference_rationale)


def answers(id: str) -> dict[str, Entry]:
    """An answer of each kind."""
    of = brief(id)
    best = best_entry(id)
    if best is None:
        raise BadInput(f"brief = {id!r} has no stored best design; run `python -m tutor best {id}`", field="brief")
    said, text = BELIEVED[id]
    return {
        "best known": told(best), "a beginner's": entry(of, starter(id).design, title="A beginner's", predictions=said, rationale=text),
        "impossible": told(entry(of, {**of.reference_values, **IMPOSSIBLE[id]}, title="Impossible")),
    }


def rows() -> list[dict[str, Any]]:
    """A row a brief and kind: the score, where it should lie, whether it does."""
    from tutor.review import review

    found = []
    for id in brief_ids():
        for kind, made in answers(id).items():
            score, (low, high) = review(None, made).score, LIMITS[kind]
            found.append({"brief": id, "kind": kind, "score": round(score, 1), "from": low, "to": high, "inside": low <= score <= high + 1e-9})
    return found


def repairs(folder: Path = FLAWED, most: int = 3) -> list[dict[str, Any]]:
    """A row a flawed sample: what repairs it, in as few edits as that takes, and whether that is proved."""
    from tutor.repair import repair

    found = []
    for path in sorted(folder.glob("*-flawed-*.toml")):
        made = read_design(path)
        for edits in range(2, most + 1):
            done = repair(made.brief, made, max_edits=edits)
            if done.already or done.fewest:
                break
        found.append({
            "sample": path.stem, "already": done.already, "edits": done.fewest.edits if done.fewest else 0, "proved": done.proved_minimal,
            "changes": done.fewest.words() if done.fewest else "", "conflict": list(done.conflict), "words": done.words(),
        })
    return found


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `python -m tutor bands`."""
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    parser.add_argument("--no-repairs", action="store_true", help="leave out the repairs of the flawed samples, which take some seconds")


def run(args: argparse.Namespace) -> int:
    """Exit code 1 when a score lies outside its band."""
    from tutor.render import table

    if not args.no_repairs and not FLAWED.is_dir():
        raise BadInput(f"folder = {str(FLAWED)!r} is not here; run this in the repository's root, or with --no-repairs", field="folder")
    scores = rows()
    fixed = [] if args.no_repairs else repairs()
    if args.json:
        print(json.dumps({"scores": scores, "repairs": fixed}, ensure_ascii=False, indent=1, allow_nan=False))
    else:
        shown = [(r["brief"], r["kind"], f"{r['score']:.1f}", f"{r['from']:.0f} to {r['to']:.0f}", "" if r["inside"] else "outside") for r in scores]
        print("\n".join(line.rstrip() for line in table(("Brief", "Answer", "Score", "Band", ""), shown, right=(2,))))
        for r in fixed:
            said = "meets its targets; its fault is another" if r["already"] else r["changes"] or r["words"]
            print(f"\n{r['sample']}: {said}" + (f" {r['edits']} edit{'s' if r['edits'] > 1 else ''}, {'proved minimal' if r['proved'] else 'not proved minimal'}." if r["edits"] else ""))
    return 0 if all(r["inside"] for r in scores) else 1
