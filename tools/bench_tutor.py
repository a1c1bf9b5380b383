"""How long the tutor takes: a review, a reply, a repair, and a very long text. `python tools/bench_tutor.py [review reply repair long]`.

Designs are the samples of lessons/designs with the starter and the reference of each brief; every run nudges one
figure of the load by a billionth, so that nothing is remembered from the run before. Lines are those of the golden
transcripts. Median and 95th percentile of the wall clock and of the processor's time: on a machine that others use the
second is the one to compare. The goals are those of the issue: review 5 ms, reply 20 ms, repair 150 ms, long text 100 ms.
"""

from __future__ import annotations

import argparse
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from bench_record import REFERENCE, here, keep, short

from tutor.briefs import brief, brief_ids
from tutor.designfile import Entry, entry, read_design
from tutor.samples import reference, starter

ROOT = Path(__file__).resolve().parents[1]
GOAL_MS = {"review": 5.0, "review, text": None, "reply": 20.0, "repair": 150.0, "long": 100.0}
NUDGED = ("peak_factor", "train_tokens", "revenue_usd_per_mtoken")
REMEMBERED = ("_read", "_read_text", "_values", "_stated", "_kept", "_first")
"""What keeps a design or a text of the run before."""
TURN = count(1)
TOLD: list[dict[str, Any]] = []
"""The lines of the table as they are kept."""
RESULTS = REFERENCE / "tutor.json"
CHARACTERS = 100_000


def nudged(made: Entry) -> Entry:
    """The entry with one figure of its load moved too little to matter and enough to be another one."""
    name = next(n for n in NUDGED if hasattr(made.load, n))
    return replace(made, load=replace(made.load, **{name: getattr(made.load, name) * (1 + 1e-9 * next(TURN))}))


def designs() -> Iterator[tuple[str, Entry]]:
    for id in brief_ids():
        yield f"{id} starter", starter(id)
        yield f"{id} reference", reference(id)
    for path in sorted((ROOT / "lessons" / "designs").glob("*.toml")):
        yield path.stem, read_design(path)


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Milliseconds of the wall clock and of the processor."""
    wall, busy = time.perf_counter(), time.process_time()
    work()
    return 1e3 * (time.perf_counter() - wall), 1e3 * (time.process_time() - busy)


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def told(kind: str, name: str, times: list[tuple[float, float]]) -> None:
    """One line of the table."""
    wall, busy = ([t[i] for t in times] for i in (0, 1))
    goal = GOAL_MS[kind]
    over = "" if goal is None else f"   goal {goal:.0f}" + ("" if percentile(busy, 0.95) <= goal else "  OVER")
    TOLD.append({"kind": kind, "name": name, "count": len(times), "goal_ms": goal, **{f"{clock}_{share}": short(percentile(some, int(share[1:]) / 100)) for clock, some in (("wall", wall), ("cpu", busy)) for share in ("p50", "p95")}})
    print(f"{kind:13} {name:34} {len(times):5}  wall {percentile(wall, 0.5):8.2f} {percentile(wall, 0.95):8.2f}   cpu {percentile(busy, 0.5):8.2f} {percentile(busy, 0.95):8.2f}{over}")


def reviews(rounds: int, each: bool) -> None:
    """Reviews without and with the rationale."""
    from tutor import context
    from tutor.dialogue import memo
    from tutor.review import review

    kept = [f for module in (memo, context) for f in vars(module).values() if hasattr(f, "cache_clear") and f.__module__ == module.__name__ and f.__name__ in REMEMBERED]

    def forget() -> None:
        for function in kept:
            function.cache_clear()

    for kind in ("review", "review, text"):
        groups: dict[str, list[tuple[float, float]]] = {}
        for name, made in designs():
            one = made if kind == "review, text" else replace(made, rationale="")
            if kind == "review, text" and not one.rationale:
                continue
            review(None, nudged(one))
            for _ in range(rounds):
                fresh = nudged(one)
                forget()
                groups.setdefault(name if each else made.brief, []).append(timed(lambda fresh=fresh: review(None, fresh)))
        for name, times in groups.items():
            told(kind, name, times)
        told(kind, "all", [t for times in groups.values() for t in times])


def scripts() -> list[dict[str, Any]]:
    return tomllib.loads((ROOT / "tests" / "tutor" / "transcripts" / "scripts.toml").read_text("utf-8"))["talk"]


def replies(rounds: int, each: bool) -> None:
    """Turns of the golden conversations, without those that search for a repair."""
    from tutor.dialogue import Discussion

    times: dict[str, list[tuple[float, float]]] = {}
    slow: list[tuple[float, str]] = []
    for turn in range(rounds):
        for script in scripts():
            of = brief(script["brief"])
            talk = Discussion(of.id, nudged(entry(of, {**of.reference_values, **script.get("design", {})}, title=f"{turn}")))
            for line in script["lines"]:
                reply: dict[str, Any] = {}
                spent = timed(lambda talk=talk, line=line, reply=reply: reply.update(talk.say(line)))
                if not reply["design_changes"] or reply["move"] == "what-if":
                    times.setdefault(of.id, []).append(spent)
                    slow.append((spent[1], line))
    for name, some in times.items():
        told("reply", name, some)
    told("reply", "all", [t for some in times.values() for t in some])
    if each:
        for ms, line in sorted(slow, reverse=True)[:12]:
            print(f"    {ms:8.2f}  {line[:100]}")


def repairs(rounds: int, each: bool, edits: tuple[int, ...] = (2, 3)) -> None:
    """Repairs of the designs that miss a target, by how many edits may be made."""
    from tutor.repair import repair

    for most in edits:
        groups: dict[str, list[tuple[float, float]]] = {}
        for name, made in designs():
            for _ in range(rounds if most == 2 else 1):
                fresh, found = nudged(made), {}
                spent = timed(lambda fresh=fresh, found=found, most=most: found.update(it=repair(fresh.brief, fresh, max_edits=most)))
                if not found["it"].already:
                    groups.setdefault(name, []).append(spent)
                    what = found["it"]
            if each and name in groups:
                told("repair", f"{name}, {most} edits", groups[name])
                print(f"    {what.words()}")
        told("repair", f"up to {most} edits, all", [t for times in groups.values() for t in times])


def long_texts() -> dict[str, str]:
    """Texts of 100,000 characters that a reader by patterns may choke on."""
    words = "the kv cache of 10,000 users at 4k tokens on 8 H100s is not bound by compute but by memory because "
    texts = {
        "one word": "cache ", "sentence": words, "no spaces": "a", "digits": "7", "digits and commas": "1,234,", "numbers": "8 replicas ", "brackets": "(", "nested": "([{", "quotes": '"',
        "quoted words": '"cache" ', "negations": "not ", "units": "5 GB/s ", "slashes": "/", "dots": ".", "sentences": "It is. ", "dashes": "-", "blanks": " ", "newlines": "\n",
        "question marks": "?", "accents": "é", "combining marks": "a\u0301\u0302\u0303", "emoji": "🙂", "wide digits": "７", "ligatures": "ﷺ", "zero width": "\u200b", "right to left": "\u202eשלום ",
        "null": "\x00", "percent": "100% ", "powers": "10^", "times": "2x", "if": "if ", "what if": "what if 8 ", "thousand": "000", "signs": "$€£", "apostrophes": "don't ", "backslashes": "\\",
        "chips": "h100 l40s groq ", "typos": "quantsation bandwith ", "more than": "more than ", "and": "and ", "of of": "of ",
    }
    made = {name: (part * (CHARACTERS // len(part) + 1))[:CHARACTERS] for name, part in texts.items()}
    made["unlike words"] = " ".join(f"w{i}rd" for i in range(CHARACTERS // 7))[:CHARACTERS]
    made["unlike characters"] = "".join(chr(0x4E00 + i % 20000) for i in range(CHARACTERS))
    made["all planes"] = "".join(chr(0x100 + (i * 37) % 0xD000) for i in range(CHARACTERS))
    return made


def longs(rounds: int, each: bool) -> None:
    """A turn and a rationale of 100,000 characters."""
    from tutor.dialogue import Discussion
    from tutor.dialogue.memo import read_rationale

    every: dict[str, list[tuple[float, float]]] = {"turn": [], "rationale": []}
    for name, text in long_texts().items():
        for id in brief_ids():
            talk, made = Discussion(id), starter(id)
            talk.say("hello")
            one = timed(lambda talk=talk, text=text: talk.say(text))
            two = timed(lambda made=made, text=text: read_rationale(replace(made, rationale=text)))
            every["turn"].append(one)
            every["rationale"].append(two)
            if each or max(one[1], two[1]) > GOAL_MS["long"]:
                print(f"    {name:18} {id:10} turn {one[1]:8.2f} rationale {two[1]:8.2f}")
    for name, times in every.items():
        told("long", name, times)
        print(f"    the slowest: {max(t[1] for t in times):.1f} ms of the processor, {max(t[0] for t in times):.1f} ms by the clock")


JOBS: dict[str, Callable[[int, bool], None]] = {"review": reviews, "reply": replies, "repair": repairs, "long": longs}


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    ask.add_argument("jobs", nargs="*", choices=[*JOBS, []], help="what to time; all without one")
    ask.add_argument("--rounds", type=int, default=10, help="times that each design is judged (default: 10)")
    ask.add_argument("--each", action="store_true", help="one line a design, and the slowest lines")
    ask.add_argument("--keep", action="store_true", help=f"write the table to {RESULTS.relative_to(ROOT)}, for the page Performance")
    args = ask.parse_args()
    print("milliseconds: count, then median and 95th percentile by the wall clock and of the processor")
    for name in args.jobs or JOBS:
        JOBS[name](args.rounds, args.each)
    if args.keep:
        keep(RESULTS, here() | {"rounds": args.rounds, "lines": TOLD})


if __name__ == "__main__":
    main()
