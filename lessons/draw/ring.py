"""Ring collectives, step by step: how often each chunk has been summed on each chip."""

from __future__ import annotations

from .measure import shorten, text_width
from .svg import Pic, two

_CELL = 26
_KINDS = ("reduce-scatter", "all-gather", "all-reduce")


def ring_state(*, chips: int, kind: str, step: int) -> list[list[tuple[int, bool]]]:
    """For each chip and chunk after a step: (how many chips are summed in it, whether it has just arrived).

    In a reduce-scatter every chip passes one chunk to its right neighbour at each step, which adds it; after
    chips − 1 steps each chip holds the whole sum of one chunk. An all-gather passes finished chunks around; an
    all-reduce is one after the other. 0 means that the chip does not hold the chunk.

    >>> [count for count, _ in ring_state(chips=4, kind="reduce-scatter", step=3)[0]]
    [1, 4, 3, 2]
    """
    if kind not in _KINDS:
        raise ValueError(f"kind is one of {', '.join(_KINDS)}")
    rounds = chips - 1
    scattering = min(step, rounds) if kind != "all-gather" else rounds
    gathering = step if kind == "all-gather" else max(0, step - rounds) if kind == "all-reduce" else 0
    state = []
    for chip in range(chips):
        row = []
        for chunk in range(chips):
            distance = (chip - chunk) % chips  # how far the chunk has travelled to come here
            if kind == "all-gather":
                count = chips if distance == rounds else 0
            else:
                count = distance + 1 if distance <= scattering else 1
            fresh = kind != "all-gather" and gathering == 0 and scattering > 0 and distance == scattering
            if gathering and distance < gathering:
                count = chips
                fresh = distance == gathering - 1
            row.append((count, fresh))
        state.append(row)
    return state


def ring(
    *,
    chips: int = 4,
    kind: str = "reduce-scatter",
    steps=None,
    names=None,
    title: str | None = None,
    says: str = "",
    wide: float = 680,
    narrow: float = 340,
) -> str:
    """Small multiples of chip × chunk; only what has just arrived wears the network colour.

    steps: which moments to draw, 0 the start; left out, all of them (four spread ones for many chips).
    A page that steps by a button passes steps=[k].
    """
    if chips < 2:
        raise ValueError("a ring has at least two chips")
    last = (chips - 1) * (2 if kind == "all-reduce" else 1)
    if steps is None:
        steps = list(range(last + 1)) if last <= 6 else sorted({0, 1, chips - 1, last})
    names = [
        shorten(n, 60, 12) for n in names or [chr(65 + k) if k < 26 else str(k + 1) for k in range(chips)]
    ]
    title = title or f"Ring {kind} over {chips} chips, step by step"
    says = says or _says(chips, kind, steps, last)

    def draw(w: float) -> Pic:
        gutter = max(text_width(n, 12) for n in names) + 10
        cell = min(_CELL, (w - gutter - 4) / chips)
        block = max(cell * chips, 96) + gutter
        across = max(1, min(len(steps), int((w + 16) // (block + 16))))
        pitch = (w - across * block) / (across - 1) + block if across > 1 else block
        pitch = min(pitch, block + 46)
        high = 26 + cell * chips + 34
        rows = -(-len(steps) // across)
        pic = Pic(w, rows * high, title, says)
        for k, step in enumerate(steps):
            x0, y0 = (k % across) * pitch + gutter, (k // across) * high + 24
            pic.text(x0, y0 - 10, _moment(step), bold=True)
            _matrix(pic, x0, y0, cell, ring_state(chips=chips, kind=kind, step=step), names, chips)
            pic.text(
                x0,
                y0 + cell * chips + 16,
                _words(chips, kind, step, last),
                c="ink2",
                size=12,
                width=pitch - gutter,
            )
        return pic

    return two(draw, wide=wide, narrow=narrow)


def ring_table(
    *, chips: int = 4, kind: str = "reduce-scatter", steps=None, **_look
) -> tuple[list[str], list[list]]:
    """(head, rows): for each step how many contributions the fullest chunk of a chip holds, and what was sent."""
    last = (chips - 1) * (2 if kind == "all-reduce" else 1)
    rows = []
    for step in steps if steps is not None else range(last + 1):
        state = ring_state(chips=chips, kind=kind, step=step)
        full = sum(count == chips for count, _ in state[0])
        rows.append([step, max(count for count, _ in state[0]), full, f"{step}/{chips}" if step else "0"])
    return [
        "Step",
        "Most summed in one chunk",
        "Finished chunks on each chip",
        "Sent by each chip, of its data",
    ], rows


def _moment(step: int) -> str:
    return "start" if step == 0 else f"after step {step}"


def _words(chips: int, kind: str, step: int, last: int) -> str:
    if step == 0:
        return "one finished chunk each" if kind == "all-gather" else "own gradients"
    if step == last:
        return "one full sum each" if kind == "reduce-scatter" else "all sums everywhere"
    if kind == "all-reduce" and step == chips - 1:
        return "one full sum each"
    share = {4: "¼", 2: "½", 3: "⅓", 8: "⅛"}.get(chips, f"1/{chips}")
    return f"{share} sent to the right" if step == 1 else f"{share} again"


def _says(chips: int, kind: str, steps, last: int) -> str:
    ends = {
        "reduce-scatter": f"after {last} steps each chip holds the whole sum of one of {chips} chunks",
        "all-gather": f"after {last} steps every chip holds all {chips} chunks",
        "all-reduce": f"after {last} steps every chip holds the sum of all {chips} chunks",
    }
    whole = f"At each step each chip sends 1/{chips} of its data to the right; {ends[kind]}"
    shown = max(steps, default=last)
    if shown >= last:
        return whole
    state = ring_state(chips=chips, kind=kind, step=shown)[0]
    most = max(count for count, _ in state)
    return f"{whole}. Drawn: {_moment(shown)}, the fullest chunk of a chip sums {most} of {chips}"


def _matrix(pic: Pic, x0: float, y0: float, cell: float, state, names, chips: int) -> None:
    size = 12 if cell >= 18 else 8.5
    pic.labels([(x0 - 8, y0 + (k + 0.5) * cell + 4, name) for k, name in enumerate(names[:chips])], a="end")
    boxes: dict[bool, list] = {False: [], True: []}
    labels: dict[tuple[bool, bool], list] = {}
    for chip, row in enumerate(state):
        for chunk, (count, fresh) in enumerate(row):
            x, y = x0 + chunk * cell, y0 + chip * cell
            boxes[fresh].append((x + 1, y + 1, cell - 2, cell - 2))
            if count and cell > text_width(count, size) + 2:
                where = (x + cell / 2, y + cell / 2 + size * 0.36, count)
                labels.setdefault((fresh, count == chips), []).append(where)
    pic.rects(boxes[False], fill="wash").rects(boxes[True], fill="c-network")
    for (fresh, done), items in labels.items():
        pic.labels(items, c="paper" if fresh else "ink" if done else "ink2", size=size, bold=fresh or done)
