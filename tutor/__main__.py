"""The command line: `python -m tutor review|repair|discuss|best|validate …`.

Whatever is not right with the input is one sentence on standard error and exit code 2.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import sys
from pathlib import Path

from hwlib.errors import BadInput
from tutor.briefs import brief, brief_ids
from tutor.designfile import read_design, write_design

SUBMISSIONS = ("whatif", "progress", "validate", "regrade", "override", "export", "tickets", "duplicates", "explain", "diff", "doctor", "schema",
               "sample-class", "evaluate", "transcripts", "bands")
"""Subcommands that live in their own modules; each module has `add_arguments(parser)` and `run(args) -> int`."""


def main(argv: list[str] | None = None) -> int:
    """Run one subcommand; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tutor", description="The tutor: reviews designs, finds repairs, discusses, checks submissions.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    one = commands.add_parser("review", help="score, targets, findings and the smallest repair of one design")
    one.add_argument("design", type=Path, metavar="DESIGN.toml")
    one.add_argument("--json", action="store_true", help="one JSON object instead of text")
    one.add_argument("--no-repair", action="store_true", help="leave out the search for a repair")
    one.set_defaults(run=_review)

    fix = commands.add_parser("repair", help="the fewest-edit, the cheapest and the keep-my-chip repair of one design")
    fix.add_argument("design", type=Path, metavar="DESIGN.toml")
    fix.add_argument("--lock", action="append", default=[], metavar="FIELD", help="a field that must stay; may be given more than once")
    fix.add_argument("--max-edits", type=int, default=2, choices=(1, 2, 3))
    fix.add_argument("--evaluations", type=int, default=None, metavar="N", help="designs to try at most (default: enough for all triples)")
    fix.add_argument("--seconds", type=float, default=None, help="stop after this long too and say so; then the answer may depend on the machine")
    fix.add_argument("--json", action="store_true")
    fix.set_defaults(run=_repair)

    talk = commands.add_parser("discuss", help="one utterance a line in, one reply a line out")
    talk.add_argument("brief", metavar="BRIEF")
    talk.add_argument("--design", type=Path, metavar="DESIGN.toml")
    talk.add_argument("--json", action="store_true", help="one JSON object a line")
    talk.add_argument("--independent", action="store_true", help="each line meets a fresh discussion (for scoring)")
    talk.set_defaults(run=_discuss)

    top = commands.add_parser("best", help="search the best design known of a brief and store it")
    top.add_argument("brief", nargs="+", metavar="BRIEF")
    top.add_argument("--out", type=Path, default=Path(__file__).parent / "briefs" / "best", help="folder (default: the package's own)")
    top.set_defaults(run=_best)

    for name in SUBMISSIONS:
        _delegate(commands, name)
    args = parser.parse_args(argv)
    try:
        return int(args.run(args) or 0)
    except BadInput as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 0


def _delegate(commands: argparse._SubParsersAction, name: str) -> None:
    """A subcommand of its own module, listed only when the module is there."""
    if importlib.util.find_spec(f"tutor.{name.replace('-', '_')}") is None:
        return
    module = importlib.import_module(f"tutor.{name.replace('-', '_')}")
    if not hasattr(module, "add_arguments"):
        return
    said = (module.__doc__ or "").partition("\n")[0].rstrip(".").replace("%", "%%")  # argparse fills in what stands after a %
    parser = commands.add_parser(name, help=said.partition("`: ")[2] or said)
    module.add_arguments(parser)
    parser.set_defaults(run=module.run)


def _review(args: argparse.Namespace) -> int:
    from tutor.review import review

    entry = read_design(args.design)
    result = review(entry.brief, entry, repair=not args.no_repair)
    if args.json:
        from tutor.context import Context
        from tutor.findings import plain
        from tutor.whatif import whatif

        told = result.as_dict() | {"whatif": plain(whatif(Context(entry, simulate=False)))}
        print(json.dumps(told, ensure_ascii=False, indent=1, allow_nan=False))
    else:
        print(result)
    return 0


def _repair(args: argparse.Namespace) -> int:
    from tutor.render import repairs_text
    from tutor.repair import repair

    entry = read_design(args.design)
    if args.evaluations is not None and args.evaluations < 1:
        raise BadInput(f"--evaluations = {args.evaluations} must be at least 1", field="evaluations")
    limit = {} if args.evaluations is None else {"evaluations": args.evaluations}
    found = repair(entry.brief, entry, lock=tuple(args.lock), max_edits=args.max_edits, seconds=args.seconds, **limit)
    print(json.dumps(found.as_dict(), ensure_ascii=False, indent=1, allow_nan=False) if args.json else repairs_text(found))
    return 0


def _discuss(args: argparse.Namespace) -> int:
    from tutor.dialogue import Discussion

    of = brief(args.brief)
    entry = read_design(args.design) if args.design else None
    if entry is not None and entry.brief != of.id:
        raise BadInput(f"brief = {entry.brief!r} stands in {args.design.name}, but the discussion is about {of.id!r}", field="brief")
    talk = Discussion(of.id, entry)
    for line in sys.stdin:
        if args.independent:
            talk = talk.fresh()
        turn = talk.say(line.rstrip("\n"))
        print(json.dumps(turn, ensure_ascii=False, allow_nan=False) if args.json else turn["reply"], flush=True)
    return 0


def _best(args: argparse.Namespace) -> int:
    from tutor.best import search

    for id in args.brief if args.brief != ["all"] else brief_ids():
        found = search(brief(id), report=lambda text, id=id: print(f"{id}: {text}", file=sys.stderr))
        if found is None:
            print(f"{id}: no design on the grid meets the targets", file=sys.stderr)
            continue
        args.out.mkdir(parents=True, exist_ok=True)
        write_design(args.out / f"{id}.toml", found)
        print(args.out / f"{id}.toml")
    return 0


if __name__ == "__main__":
    code = main()
    if code == 130:  # Python ends by the signal instead, should it have come while source text was being executed (a dataclass being made)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
