"""The errors that people read: one sentence that names the field, the value and what would do."""

from __future__ import annotations

from collections.abc import Iterable


class BadInput(ValueError):
    """Input that cannot be used. ``str(error)`` is one sentence for a person; ``field`` names the culprit."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class Unknown(BadInput):
    """A name that the catalogue, a brief or a design does not have."""


class NotSupported(BadInput):
    """A thing that exists but cannot do what was asked: FP8 on an A100, say."""


def unknown(field: str, value: object, known: Iterable[str], *, what: str = "") -> Unknown:
    """The error for a name that nobody knows, with the nearest that are known.

    >>> print(unknown("accelerator", "h10", ["h100-sxm", "h200-sxm", "l40s", "l4", "b200-sxm"]))
    accelerator = 'h10' is not known; did you mean h100-sxm?
    >>> print(unknown("scheduler", "xyz", ["static", "continuous"]))
    scheduler = 'xyz' is not known; it can be static or continuous
    """
    import difflib  # here: most runs make no such mistake, and a live page waits for every import

    names = list(known)
    near = difflib.get_close_matches(str(value), names, n=3, cutoff=0.45)
    near += [n for n in names if n not in near and str(value) and n.startswith(str(value).split("-")[0])][: 3 - len(near)]
    text = f"{field} = {value!r} is not {what or 'known'}"
    if near and len(names) > 3:
        return Unknown(f"{text}; did you mean {listed(near, 'or')}?", field=field)
    shown = names if len(names) <= 12 else [*names[:12], "…"]
    return Unknown(f"{text}; it can be {listed(shown, 'or')}", field=field)


def listed(items: Iterable[str], word: str = "and") -> str:
    """
    >>> listed(["a", "b", "c"]), listed(["a"], "or"), listed([])
    ('a, b and c', 'a', '')
    """
    *head, last = [str(i) for i in items] or [""]
    return f"{', '.join(head)} {word} {last}" if head else last
