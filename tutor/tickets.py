"""`python -m tutor tickets ROSTER.csv --brief BRIEF --key FILE --expires TIME`: numbers of their own for every student.

A ticket is readable text: the brief, when it expires, the student's own numbers, and a code (HMAC-SHA-256 under the
instructor's key) over all of that and a mark of the student. The checker derives mark and code again. So a copied
ticket fails, and a copied design is judged under the numbers of whoever hands it in.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import hmac
import io
import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from hwlib.designs import knobs
from hwlib.errors import BadInput, listed
from hwlib.units import show
from tutor import briefs, designfile, strict
from tutor.best import best_entry
from tutor.designfile import Entry

FORM = "t2"
STEPS = (0.8, 0.85, 0.9, 0.95, 1.0, 1.05, 1.1, 1.15, 1.2, 1.25)
"""What the brief's value is multiplied by: far enough that a borrowed design shows, near enough that the brief stays the brief."""
VARIED = 3
"""So many of the brief's loads differ between students: those that its robustness is tried on first."""
KEY_BYTES = 32
CODE = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What a ticket says once it is known to be sound."""

    brief: str
    expires: datetime
    given: Mapping[str, Any]


def derive(key: bytes, student: str, brief: str, chips: int = 0) -> dict[str, Any]:
    """The numbers of one student: the same for the same key, student and brief, and without a list anywhere.

    ``chips`` narrows the offer to so many of the brief's chips; that of the best design known is always among them, so
    that the targets stay in reach.

    >>> derive(b"k" * 32, "s-1", "serve-70b") == derive(b"k" * 32, "s-1", "serve-70b") != derive(b"k" * 32, "s-2", "serve-70b")
    True
    """
    of = briefs.brief(brief)
    stream = hmac.new(key, f"numbers\0{student}\0{brief}".encode(), hashlib.sha256).digest()
    given: dict[str, Any] = {}
    for place, name in enumerate(of.vary[:VARIED]):
        value, knob = float(of.given[name][0]), knobs(of.load_class)[name]
        moved = float(f"{value * STEPS[stream[place] % len(STEPS)]:.3g}")
        moved = min(max(moved, knob.low), knob.high)
        given[name] = int(moved) if knob.kind == "count" else moved
    if chips:
        best = best_entry(brief)
        keep = (best.design if best else of.reference).accelerator
        others = sorted((c for c in of.chips if c != keep), key=lambda chip: hmac.new(key, f"chip\0{student}\0{brief}\0{chip}".encode(), hashlib.sha256).digest())
        given["chips"] = sorted([keep, *others[: chips - 1]])
    return given


def issue(key: bytes, student: str, brief: str, expires: datetime, chips: int = 0) -> str:
    """The ticket of one student."""
    if expires.tzinfo is None:
        raise BadInput("expires has no time zone; add an offset such as +01:00", field="expires")
    stamp = expires.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    told = [f"{name}={':'.join(value) if isinstance(value, list) else _number(value)}" for name, value in derive(key, student, brief, chips).items()]
    head = "~".join([FORM, brief, stamp, *told, owner(key, student)])
    return f"{head}~{_code(key, head)}"


def check(key: bytes, ticket: str, student: str, brief: str, *, received: datetime | None = None, seen: datetime | None = None, others: Iterable[str] = ()) -> Ticket:
    """The ticket of a hand-in, or `BadInput` with what is wrong: missing, forged, borrowed, of another brief, or expired.

    Without a time of receipt it is judged by when the gradebook first saw the hand-in. ``others`` are the ids of the
    class: a borrowed ticket is told with the name of its owner. The numbers are those that the learner was given; the
    code covers them, and `derive` gives the same.
    """
    if not ticket:
        raise BadInput("has no ticket; hand in again with the ticket that the instructor issued", field="ticket")
    head, _, code = ticket.rpartition("~")
    if not hmac.compare_digest(code.encode("utf-8"), _code(key, head).encode("ascii")):
        raise BadInput("its ticket is forged or was changed: its code does not fit; hand in again with the ticket that the instructor issued", field="ticket")
    form, of, stamp, *_, whose = head.split("~")
    if form != FORM:
        raise BadInput(f"its ticket has the form {strict.clip(form, 20)!r}, and this course issues {FORM!r}", field="ticket")
    if not hmac.compare_digest(whose, owner(key, student)):
        named = _owners(key, tuple(others)).get(whose, "somebody else")
        raise BadInput(f"its ticket was issued to {named}, not to {student}; compare the two with: python -m tutor duplicates", field="ticket")
    if of != brief:
        raise BadInput(f"its ticket is for {strict.clip(of, 40)}, and this is {brief}", field="ticket")
    expires = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    when = received or seen or datetime.now(UTC)
    if when > expires:
        tail = f"it came in on {when:%Y-%m-%d %H:%M} UTC" if received else "no time of receipt is known; give one with --received or in the roster"
        raise BadInput(f"its ticket expired on {expires:%Y-%m-%d %H:%M} UTC, and {tail}", field="ticket")
    return Ticket(brief=of, expires=expires, given=numbers(ticket))


def numbers(ticket: str) -> dict[str, Any]:
    """What a ticket tells the learner who holds it: the readable part, not checked. `lessons.submit` fills the assumptions from it.

    >>> numbers("t2~serve-70b~20270131T225900Z~daily_users=45000~chips=l40s:tpu-v5e~0f~0f")
    {'daily_users': 45000.0, 'chips': ['l40s', 'tpu-v5e']}
    """
    parts = ticket.split("~")
    if len(parts) < 5 or parts[0] != FORM or parts[1] not in briefs.brief_ids():
        raise BadInput("ticket must be the text that the instructor issued, copied whole", field="ticket")
    of = briefs.brief(parts[1])
    known = knobs(of.load_class)
    found: dict[str, Any] = {}
    for text in parts[3:-2]:
        name, _, value = text.partition("=")
        if name == "chips" and set(value.split(":")) <= set(of.chips):
            found[name] = value.split(":")
        elif name in known and re.fullmatch(r"[0-9.e+-]{1,24}", value):
            found[name] = _read_number(value, whole=known[name].kind == "count")
        else:
            raise BadInput("ticket must be the text that the instructor issued, copied whole", field="ticket")
    return found


def brief_of(ticket: str) -> str:
    """The brief that a ticket is for; not checked."""
    return ticket.split("~")[1]


def under(entry: Entry, given: Mapping[str, Any]) -> Entry:
    """The entry with the numbers of a ticket in place of its own; `BadInput` for a chip that the ticket does not offer."""
    chips = given.get("chips", ())
    if chips and entry.design.accelerator not in chips:
        raise BadInput(f"design.accelerator = {entry.design.accelerator!r} is not on offer under this ticket; it can be {listed(chips, 'or')}", field="design.accelerator")
    numbers = {name: value for name, value in given.items() if name != "chips"}
    return designfile.entry(
        entry.brief, entry.design, title=entry.title, assumptions={**entry.assumptions, **numbers},
        reasons={**entry.reasons, **dict.fromkeys(numbers, "set by the ticket")}, predictions=entry.predictions, rationale=entry.rationale)


def told_by(entry: Entry, ticket: str) -> Entry:
    """The entry under what the text of a ticket says, unchecked: how a learner works before handing in.

    `BadInput` when it is no ticket, is for another brief, or does not offer the design's chip.
    """
    given = numbers(ticket.strip())
    if brief_of(ticket.strip()) != entry.brief:
        raise BadInput(f"ticket is for {brief_of(ticket.strip())}, and this design answers {entry.brief}", field="ticket")
    return under(entry, given)


def _read_number(text: str, *, whole: bool) -> float:
    try:
        return int(float(text)) if whole else float(text)
    except (ValueError, OverflowError):
        raise BadInput("ticket must be the text that the instructor issued, copied whole", field="ticket") from None


def owner(key: bytes, student: str) -> str:
    """The mark of a student in a ticket: it names nobody to whoever has no key."""
    return hmac.new(key, f"owner\0{student}".encode(), hashlib.sha256).hexdigest()[:12]


@lru_cache(maxsize=4)
def _owners(key: bytes, others: tuple[str, ...]) -> dict[str, str]:
    return {owner(key, student): student for student in others}


def _code(key: bytes, head: str) -> str:
    return hmac.new(key, f"ticket\0{head}".encode(), hashlib.sha256).hexdigest()[:CODE]


def _number(value: float) -> str:
    return repr(value).replace("e+", "e").removesuffix(".0")


def read_key(path: Path) -> bytes:
    """The instructor's key."""
    try:
        text = path.read_text("ascii").strip()
        key = bytes.fromhex(text)
    except (OSError, ValueError, UnicodeDecodeError):
        raise BadInput(f"{path} is not a key that `python -m tutor tickets` wrote", field="key") from None
    if len(key) < KEY_BYTES:
        raise BadInput(f"{path} holds a key of {len(key)} bytes; it must have at least {KEY_BYTES}", field="key")
    return key


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `tickets`."""
    parser.description = ("Issue a ticket to every student of a roster, into a CSV file that you hand out. Keep the key: it checks them. "
                          "`--show TICKET` says what a ticket holds, for whoever received it; no key is needed.")
    parser.add_argument("roster", type=Path, nargs="?", metavar="ROSTER.csv", help="a CSV file with a column student")
    parser.add_argument("--brief", action="append", default=[], metavar="BRIEF", help="may be given more than once")
    parser.add_argument("--expires", metavar="TIME", help="for example 2027-01-31T23:59+01:00")
    parser.add_argument("--key", type=Path, metavar="FILE", help="the key; made when it is not there, readable by you alone")
    parser.add_argument("--chips", type=int, default=0, metavar="N", help="offer each student N of the brief's chips (default: all)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where the tickets go (default: to standard output)")
    parser.add_argument("--show", metavar="TICKET", help="say what this ticket holds")


def told(ticket: str) -> list[str]:
    """What a ticket holds, in lines for the learner."""
    given = numbers(ticket)
    _, of, stamp, *_ = ticket.split("~")
    known = knobs(briefs.brief(of).load_class)
    expires = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ") if re.fullmatch(r"\d{8}T\d{6}Z", stamp) else None
    if expires is None:
        raise BadInput("ticket must be the text that the instructor issued, copied whole", field="ticket")
    lines = [f"brief: {of}", f"expires: {expires:%Y-%m-%d %H:%M} UTC"]
    lines += [f"{known[name].label}: {show(value, known[name].unit)} ({name})" for name, value in given.items() if name != "chips"]
    return lines + ([f"chips on offer: {listed(given['chips'])}"] if "chips" in given else [])


def run(args: argparse.Namespace) -> int:
    """Write the tickets."""
    if args.show:
        print("\n".join(told(args.show)))
        return 0
    for name, value in (("ROSTER.csv", args.roster), ("--brief", args.brief), ("--expires", args.expires), ("--key", args.key)):
        if not value:
            raise BadInput(f"{name} is missing; for example: python -m tutor tickets roster.csv --brief serve-70b --expires 2027-01-31T23:59+01:00 --key key.txt --out tickets.csv", field=name)
    from tutor import roster

    for brief in args.brief:
        of = briefs.brief(brief)
        if args.chips and not 2 <= args.chips <= len(of.chips):
            raise BadInput(f"--chips = {args.chips} must be from 2 to {len(of.chips)}, the chips of {brief}", field="chips")
    expires = roster.moment(args.expires, None, "--expires")
    people = roster.read(args.roster).people
    for student in people:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}", student):
            raise BadInput(f"student = {strict.clip(student, 80)!r} in {args.roster.name} cannot be an id: letters of a to z, digits, dots, dashes, underscores or @", field="student")
    if not args.key.exists():
        handle = os.open(args.key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(os.urandom(KEY_BYTES).hex() + "\n")
        print(f"A new key was written to {args.key}. Keep it: without it no ticket can be checked.", file=sys.stderr)
    key = read_key(args.key)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("student", "brief", "ticket"))
    for student in sorted(people):
        for brief in args.brief:
            writer.writerow((student, brief, issue(key, student, brief, expires, args.chips)))
    if args.out:
        try:
            args.out.write_text(text.getvalue(), "utf-8")
        except OSError as error:
            raise BadInput(f"--out {args.out}: {(error.strerror or 'cannot be written').lower()}", field="out") from None
        print(f"{len(people) * len(args.brief):,} tickets: {args.out}")
    else:
        sys.stdout.write(text.getvalue())
    return 0
