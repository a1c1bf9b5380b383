"""Chip map: which chip holds what under tensor, pipeline and data parallelism, and whom one chip talks to."""

from __future__ import annotations

from .figures import num
from .measure import text_width, wrap
from .svg import Pic, two

_MOST_STAGES = 8
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def chip_map(
    *,
    tensor: int,
    pipeline: int,
    data: int,
    layers: int | None = None,
    chips_per_node: int = 8,
    chip: tuple[int, int, int] | None = (0, 0, 0),
    node: str = "server",
    title: str | None = None,
    says: str = "",
    wide: float = 680,
    narrow: float = 340,
) -> str:
    """A block a replica, a row a pipeline stage, a cell a chip; the letter names the slice of every matrix.

    chip = (replica, stage, slice), from 0, is ringed and its partners are marked: the row it sums activations with
    (filled), the rows it passes activations to (outlined), the same cell of the other replicas, with which it
    averages gradients (dashed). Replicas and stages that would not fit are counted in words.
    """
    if min(tensor, pipeline, data) < 1:
        raise ValueError("each kind of parallelism is at least 1")
    title = (
        title
        or f"Which chip holds what: {tensor} × {pipeline} × {data} = {num(tensor * pipeline * data)} chips"
    )
    chip = _inside(chip, tensor, pipeline, data) if chip else None
    says = says or _says(tensor, pipeline, data, layers, chip, chips_per_node, node)

    def draw(w: float) -> Pic:
        return _draw(w, tensor, pipeline, data, layers, chips_per_node, chip, node, title, says)

    return two(draw, wide=wide, narrow=narrow)


def chip_map_table(
    *,
    tensor: int,
    pipeline: int,
    data: int,
    layers: int | None = None,
    chips_per_node: int = 8,
    most: int = 64,
    **_look,
) -> tuple[list[str], list[list]]:
    """(head, rows): one row a chip (the first `most`), numbered as they stand in the servers."""
    rows = []
    for number in range(min(most, tensor * pipeline * data)):
        shard, rest = number % tensor, number // tensor
        stage, replica = rest % pipeline, rest // pipeline
        rows.append(
            [
                number + 1,
                number // chips_per_node + 1,
                replica + 1,
                _stage_words(stage, pipeline, layers),
                f"{letter(shard)}, 1/{tensor} of each matrix" if tensor > 1 else "all of each matrix",
            ]
        )
    return ["Chip", "Server", "Replica", "Layers", "Slice"], rows


def letter(shard: int) -> str:
    """a to z, then aa, ab, …"""
    first, second = divmod(shard, len(_LETTERS))
    return (_LETTERS[first - 1] if first else "") + _LETTERS[second]


def stage_layers(stage: int, stages: int, layers: int) -> tuple[int, int]:
    """First and last layer (from 1) of a stage; earlier stages take what does not divide.

    >>> [stage_layers(s, 3, 10) for s in range(3)]
    [(1, 4), (5, 7), (8, 10)]
    """
    each, over = divmod(layers, stages)
    first = stage * each + min(stage, over)
    return first + 1, first + each + (stage < over)


def _stage_words(stage: int, stages: int, layers: int | None, short: bool = False) -> str:
    if stages == 1:
        return "all layers"
    if layers is None or layers < stages:
        return f"stage {stage + 1}"
    a, b = stage_layers(stage, stages, layers)
    span = f"{a}" if a == b else f"{a}–{b}"
    return span if short else f"layers {span}" if a != b else f"layer {span}"


def _inside(chip, tensor: int, pipeline: int, data: int) -> tuple[int, int, int]:
    replica, stage, shard = chip
    return min(replica, data - 1), min(stage, pipeline - 1), min(shard, tensor - 1)


def _many(count: int, word: str) -> str:
    return f"{count or 'no'} {word}{'' if count == 1 else 's'}"


def _says(t, p, d, layers, chip, per_node, node) -> str:
    parts = [
        f"{d} replicas of {p} pipeline stages of {t} chips" if d > 1 else f"{p} pipeline stages of {t} chips"
    ]
    if chip:
        replica, stage, shard = chip
        parts.append(
            f"chip {letter(shard)} of {_stage_words(stage, p, layers)} in replica {replica + 1} sums activations with "
            f"{_many(t - 1, 'chip')} of its row, passes them to {_many((stage > 0) + (stage < p - 1), 'neighbouring stage')} and averages "
            f"gradients with {_many(d - 1, 'chip')} holding the same weights"
        )
    inside = "within one" if t <= per_node else "across more than one"
    parts.append(f"a row lies {inside} {node} of {per_node} chips")
    return "; ".join(parts)


def _draw(w, t, p, d, layers, per_node, chip, node, title, says) -> Pic:
    slim = w < 500
    per_row = t if t <= 16 else 16  # a wider slice wraps: 64 chips are four lines of 16
    lines = -(-t // per_row)
    label = max(text_width(_stage_words(s, p, layers, slim), 12) for s in (0, p - 1)) + 8
    # As many replicas side by side as cells of at least 13 px allow; the rest is said in words.
    cell, across = 0.0, 1
    for across in range(min(d, 4 if not slim else 2), 0, -1):
        cell = min(26.0, (w - label - 4 - 18 * (across - 1)) / across / per_row)
        if cell >= (18 if across > 2 else 13) or across == 1:  # 18 px hold a letter of 12
            break
    stages = _shown(p, chip)
    replicas = list(range(across))
    if chip and chip[0] not in replicas:
        replicas[-1] = chip[0]
    row = cell * lines + 6
    top = 22.0
    body = sum(18 if s < 0 else row for s in stages)
    left_over = d - across
    foot = []
    for swatch, text in _foot(t, p, d, chip, per_node, node, left_over):
        rows_of_text = wrap(text, w - label - 18, 12, 2)
        foot += [
            (swatch, rows_of_text[0], bool(swatch)),
            *(("", more, bool(swatch)) for more in rows_of_text[1:]),
        ]
    pic = Pic(w, top + body + 10 + 18 * len(foot), title, says)
    block = cell * per_row + 18
    for k, replica in enumerate(replicas):
        x0 = label + k * block
        pic.text(x0, 13, f"replica {replica + 1}" if d > 1 else "one replica", bold=True, width=block - 6)
        y = top
        for stage in stages:
            if stage < 0:
                pic.text(x0, y + 11, "⋮" if k else f"⋮ {_count(-stage, 'more stage')}", c="ink2", size=12)
                y += 18
                continue
            if k == 0:
                pic.text(
                    label - 8,
                    y + cell * lines / 2 + 4,
                    _stage_words(stage, p, layers, slim),
                    a="end",
                    c="ink2",
                    size=12,
                )
            _stage(pic, x0, y, cell, per_row, t, replica, stage, chip)
            y += row
    y = top + body + 14
    for swatch, text, indented in foot:
        if swatch:
            _cell(pic, label + 1, y - 10, 11, swatch)
        pic.text(label + (18 if indented else 0), y, text, c="ink2", size=12)
        y += 18
    return pic


def _count(number: int, noun: str) -> str:
    return f"{num(number)} {noun}" + ("" if number == 1 else "s")


def _shown(p: int, chip) -> list[int]:
    """The stages that are drawn; −n stands for n that are left out."""
    if p <= _MOST_STAGES:
        return list(range(p))
    keep = {0, 1, p - 2, p - 1} if chip is None else {0, chip[1] - 1, chip[1], chip[1] + 1, p - 1}
    shown: list[int] = []
    previous = -1
    for stage in sorted(s for s in keep if 0 <= s < p):
        if stage - previous > 1:
            shown.append(-(stage - previous - 1))
        shown.append(stage)
        previous = stage
    return shown


def _role(replica: int, stage: int, shard: int, chip) -> str:
    """How the chip at this place deals with the marked one."""
    if chip is None:
        return "plain"
    r, s, k = chip
    if (replica, stage, shard) == (r, s, k):
        return "self"
    if (replica, stage) == (r, s):
        return "sums"
    if replica == r and shard == k and abs(stage - s) == 1:
        return "passes"
    if stage == s and shard == k:
        return "averages"
    return "plain"


def _cell(pic: Pic, x: float, y: float, size: float, role: str) -> None:
    if role == "sums":
        pic.rect(x, y, size, size, fill="c-network")
    elif role == "passes":
        pic.rect(x + 1, y + 1, size - 2, size - 2, fill="wash", stroke="c-network", sw=2)
    elif role == "averages":
        pic.rect(x, y, size, size, fill="wash")
        s = size - 2
        corners = [(x + 1, y + 1), (x + 1 + s, y + 1), (x + 1 + s, y + 1 + s), (x + 1, y + 1 + s)]
        pic.path(corners, c="c-network", sw=2, dash="3 2", close=True)
    elif role == "self":
        pic.rect(x, y, size, size, fill="ink")
    else:
        pic.rect(x, y, size, size, fill="wash")


def _stage(pic, x0, y, cell, per_row, t, replica, stage, chip) -> None:
    gap = 1.0 if cell >= 9 else 0.4
    size = 12 if cell >= 18 else 8.5
    plain, marked = [], []
    labels: dict[str, list] = {}
    for shard in range(t):
        x, cy = x0 + (shard % per_row) * cell, y + (shard // per_row) * cell
        role = _role(replica, stage, shard, chip)
        if role == "plain":
            plain.append((x + gap, cy + gap, cell - 2 * gap, cell - 2 * gap))
        else:
            marked.append((x + gap, cy + gap, cell - 2 * gap, role))
        name = letter(shard)
        if cell > text_width(name, size) + 2:
            labels.setdefault(role, []).append((x + cell / 2, cy + cell / 2 + size * 0.36, name))
    pic.rects(plain, fill="wash")
    for box in marked:
        _cell(pic, *box)
    for role, items in labels.items():
        ink = "paper" if role in ("sums", "self") else "ink2" if role == "plain" else "ink"
        pic.labels(items, c=ink, size=size, bold=role == "self")


def _foot(t, p, d, chip, per_node, node, left_over) -> list[tuple[str, str]]:
    """Swatch and words of each partner that exists, then what is not drawn and where the servers end."""
    lines = []
    if chip:
        lines.append(("self", "this chip"))
        if t > 1:
            lines.append(("sums", "same layers, other slices: sums activations, in every layer"))
        if p > 1:
            lines.append(("passes", "next layers, same slice: passes activations on"))
        if d > 1:
            lines.append(("averages", "same weights, other data: averages gradients, once a step"))
    if left_over > 0:
        lines.append(("", f"… and {_count(left_over, 'more replica')}, each the same"))
    if t <= per_node:
        share = per_node // t
        lines.append(
            ("", f"a {node} of {per_node} chips holds {'one row' if share == 1 else f'{share} rows'}")
        )
    else:
        lines.append(("", f"a row spans {-(-t // per_node)} {node}s of {per_node} chips"))
    return lines
