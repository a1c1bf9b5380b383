"""The instructor's rules of the course as data: due dates, lateness, what a blank means, what a script should stop at.

    time_zone = "Europe/Berlin"
    due = 2027-01-31T23:59:00
    briefs = ["serve-7b"]          # expected of everybody on the roster

    [late]
    grace_minutes = 15
    points_per_day = 10            # for each day begun
    at_most = 50

    [due_of]
    serve-70b = 2027-02-14T23:59:00

    [blank]                        # points in the exports, where blank is not wanted
    missing = 0
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any

from hwlib.errors import BadInput, unknown
from hwlib.units import show
from tutor import briefs


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What holds for the whole class; without a file nothing is late and nothing expected."""

    zone: tzinfo | None = None
    due: datetime | None = None
    due_of: Mapping[str, datetime] = field(default_factory=dict)
    expected: tuple[str, ...] = ()
    grace_minutes: float = 0.0
    points_per_day: float = 0.0
    at_most: float = 100.0
    blank: Mapping[str, float] = field(default_factory=dict)

    def due_for(self, brief: str, until: datetime | None = None) -> datetime | None:
        """When a hand-in of the brief is due; an extension moves it for one student."""
        return until or self.due_of.get(brief, self.due)

    def lateness(self, received: datetime | None, due: datetime | None) -> tuple[float, str]:
        """The points that lateness costs, and in words why; nothing is late whose time nobody said.

        >>> from datetime import datetime, UTC
        >>> policy = Policy(grace_minutes=15, points_per_day=10, at_most=50)
        >>> due = datetime(2027, 1, 31, 23, 59, tzinfo=UTC)
        >>> policy.lateness(due + timedelta(minutes=15), due)
        (0.0, '')
        >>> policy.lateness(due + timedelta(hours=25), due)
        (20.0, '25 h late: 2 days begun at 10 points')
        """
        if received is None or due is None:
            return 0.0, ""
        over = received - due
        if over <= timedelta(minutes=self.grace_minutes):
            return 0.0, ""
        days = math.ceil(over / timedelta(days=1))
        cost = float(min(self.at_most, self.points_per_day * days))
        capped = ", held at the most that lateness may cost" if cost < self.points_per_day * days else ""
        hours = over / timedelta(hours=1)
        said = f"{show(hours)} h" if hours >= 1 else f"{show(over / timedelta(minutes=1))} min"
        return cost, f"{said} late: {days:,} {'day' if days == 1 else 'days'} begun at {show(self.points_per_day)} points{capped}"


def text_of(path: Path) -> str:
    """The policy file's text."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: {(error.strerror or 'cannot be read').lower()}", field="policy") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"{path.name} is not UTF-8 text; save it as UTF-8", field="policy") from None


def loads(text: str, where: str = "the policy") -> Policy:
    """The policy in a TOML text, each field checked; the empty text is the policy without a rule."""
    try:
        return from_dict(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadInput(f"{where} is not valid TOML: {error or 'it is nested too deeply'}", field="policy") from None


def from_dict(data: Mapping[str, Any]) -> Policy:
    """The policy in a mapping of the file's shape."""
    for name in data:
        if name not in ("time_zone", "due", "briefs", "late", "due_of", "blank"):
            raise unknown("policy field", name, ("time_zone", "due", "briefs", "late", "due_of", "blank"))
    zone = time_zone(data["time_zone"]) if "time_zone" in data else None
    late, blank = _numbers(data, "late", ("grace_minutes", "points_per_day", "at_most")), _numbers(data, "blank", ("missing", "ungradable"))
    due_of = data.get("due_of", {})
    expected = data.get("briefs", [])
    if not isinstance(due_of, Mapping) or not isinstance(expected, list):
        raise BadInput("due_of must be a table of times and briefs a list of names", field="policy")
    for name in (*due_of, *expected):
        if name not in briefs.brief_ids():
            raise unknown("brief", str(name), briefs.brief_ids())
    return Policy(
        zone=zone, due=_time(data["due"], zone, "due") if "due" in data else None, expected=tuple(expected), blank=blank,
        due_of={name: _time(value, zone, f"due_of.{name}") for name, value in due_of.items()}, **late)


def time_zone(name: str) -> tzinfo:
    """A time zone by its name or its offset.

    >>> time_zone("+01:00"), time_zone("UTC") == UTC
    (datetime.timezone(datetime.timedelta(seconds=3600)), True)
    """
    if name == "UTC":
        return UTC
    try:
        offset = datetime.strptime(name, "%z").utcoffset()
    except (ValueError, TypeError):
        offset = None
    if offset is not None:
        return timezone(offset)
    try:
        from zoneinfo import ZoneInfo

        return ZoneInfo(name)
    except (KeyError, ValueError, OSError, TypeError):
        raise BadInput(f"time_zone = {name!r} is not known on this machine; write a name such as 'Europe/Berlin' (pip install tzdata where the system has none) or an offset such as '+01:00'", field="time_zone") from None


def _numbers(data: Mapping[str, Any], table: str, names: tuple[str, ...]) -> dict[str, float]:
    values = data.get(table, {})
    if not isinstance(values, Mapping):
        raise BadInput(f"{table} must be a table of numbers", field=table)
    for name, value in values.items():
        if name not in names:
            raise unknown(f"{table} field", name, names)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1e6:
            raise BadInput(f"{table}.{name} = {value!r} must be a number of at least 0", field=name)
    return {name: float(value) for name, value in values.items()}


def _time(value: Any, zone: tzinfo | None, name: str) -> datetime:
    if not isinstance(value, datetime):
        raise BadInput(f"{name} = {value!r} must be a date with a time, such as 2027-01-31T23:59:00", field=name)
    if value.tzinfo is None:
        if zone is None:
            raise BadInput(f"{name} = {value} has no time zone; add time_zone to the policy, or an offset to the time", field=name)
        value = value.replace(tzinfo=zone)
    return value.astimezone(UTC)
