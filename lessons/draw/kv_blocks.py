"""KV block map: the same sequences in contiguous and in paged memory, and what is held for nothing."""

from __future__ import annotations

import math

from .figures import num, percent
from .measure import text_width
from .svg import Pic, two


def kv_blocks(
    sequences,
    *,
    block_tokens: int = 16,
    reserved_tokens: int = 512,
    total_blocks: int = 64,
    blocks=None,
    contiguous: bool = True,
    title: str | None = None,
    says: str = "",
    wide: float = 680,
    narrow: float = 340,
) -> str:
    """Filled is tokens that exist, hatching is memory held for nothing, letters name the sequence.

    sequences: (letter, tokens). blocks: what each block of the pool holds, (letter, tokens in it) or None; left out,
    the sequences are dealt blocks in turn, as they would grow side by side. Blocks may hold more sequences than fit in
    one piece each.
    """
    sequences = [(str(n), int(t)) for n, t in sequences]
    dealt = list(blocks) if blocks is not None else deal(sequences, block_tokens)
    pool = dealt + [None] * max(0, total_blocks - len(dealt))
    used, held, stored, taken = _sums(sequences, pool, block_tokens, reserved_tokens)
    title = title or ("KV cache, contiguous and paged" if contiguous else "KV cache in blocks")
    if not says:
        says = f"Paged: {num(stored)} of {num(taken)} tokens taken hold anything, {percent(stored / taken if taken else 0)}"
        if contiguous:
            says = (
                f"Contiguous: {num(used)} of {num(held)} reserved tokens hold anything, "
                f"{percent(used / held if held else 0)}. {says}"
            )

    def draw(w: float) -> Pic:
        left, slim = 26.0, w < 500
        per_row = 32 if len(pool) <= 96 or not slim else 40
        cell = (w - left - 4) / per_row
        rows = -(-len(pool) // per_row) if pool else 0
        high = 24
        top = 30 + 21 * len(sequences) + (40 if slim else 22) if contiguous else 0
        pic = Pic(w, top + 24 + rows * high + (42 if slim else 26), title, says)
        if contiguous:
            _contiguous(pic, sequences, reserved_tokens, left, w, used, held, slim)
        pic.text(0, top + 13, f"paged: blocks of {block_tokens} tokens, taken when needed", bold=True)
        _pool(pic, pool, block_tokens, left, top + 24, cell, per_row, high)
        y = top + 24 + rows * high + 14
        free = sum(b is None for b in pool)
        share = f"{num(stored)} of {num(taken)} tokens taken: {percent(stored / taken if taken else 0)}"
        pic.text(left, y, f"{num(free)} blocks free", c="ink2", size=12.5)
        pic.text(w - 4, y + (18 if slim else 0), share, a="end", c="ink2", size=12.5)
        return pic

    return two(draw, wide=wide, narrow=narrow)


def kv_blocks_table(sequences, *, block_tokens: int = 16, reserved_tokens: int = 512, **_look):
    """(head, rows): per sequence its tokens, what contiguous memory reserves, and its blocks."""
    rows = [
        [n, t, reserved_tokens, math.ceil(t / block_tokens), math.ceil(t / block_tokens) * block_tokens]
        for n, t in sequences
    ]
    head = ["Sequence", "Tokens", "Reserved when contiguous", "Blocks when paged", "Tokens in those blocks"]
    total = ["together", *(sum(r[k] for r in rows) for k in range(1, 5))]
    return head, [*rows, total]


def deal(sequences, block_tokens: int) -> list[tuple[str, int]]:
    """Blocks in the order in which sequences that grow side by side would take them.

    >>> deal([("A", 40), ("B", 8)], 16)
    [('A', 16), ('B', 8), ('A', 16), ('A', 8)]
    """
    left = [[name, tokens] for name, tokens in sequences]
    out = []
    while any(tokens > 0 for _, tokens in left):
        for entry in left:
            if entry[1] > 0:
                out.append((entry[0], min(block_tokens, entry[1])))
                entry[1] -= block_tokens
    return out


def _sums(sequences, pool, block_tokens: int, reserved: int) -> tuple[int, int, int, int]:
    """Tokens of the sequences, reserved for them, in the pool's blocks (which may hold other sequences), and room in these."""
    used = sum(t for _, t in sequences)
    held = sum(max(reserved, t) for _, t in sequences)
    return used, held, sum(b[1] for b in pool if b is not None), block_tokens * sum(b is not None for b in pool)


def _contiguous(pic, sequences, reserved, left, w, used, held, slim) -> None:
    pic.text(0, 13, f"contiguous: {num(reserved)} tokens reserved for each", bold=True)
    most = max([reserved] + [t for _, t in sequences])
    unit = (w - left - 4) / most
    y = 24.0
    for name, tokens in sequences:
        pic.text(left - 8, y + 12.5, name, a="end", c="ink2", size=12, width=left - 8)
        pic.rect(left, y, reserved * unit, 16, fill="hatch")
        pic.rect(left, y, tokens * unit, 16, fill="c-kv")
        y += 21
    share = f"{num(used)} of {num(held)} tokens hold anything: {percent(used / held if held else 0)}"
    pic.text(w - 4, y + 12, share, a="end", c="ink2", size=12.5)


def _pool(pic, pool, block_tokens, left, top, cell, per_row, high) -> None:
    full, part, empty, labels = [], [], [], []
    for k, block in enumerate(pool):
        x, y = left + (k % per_row) * cell, top + (k // per_row) * high
        if block is None:
            empty.append((x + 1, y + 0.5, cell - 2, 19))
            continue
        name, tokens = block
        share = min(1.0, tokens / block_tokens)
        if share < 1:
            pic.rect(x + 0.8, y + 0.5, cell - 1.6, 19, fill="hatch")
        (full if share == 1 else part).append((x + 0.8, y, (cell - 1.6) * share, 20))
        labels.append((x + cell / 2, y + 14.5, name, share < 1))
    pic.rects(empty, fill="none", stroke="rule").rects(full, fill="c-kv").rects(part, fill="c-kv")
    widest = max((text_width(name, 11, True) for _, _, name, _ in labels), default=0)
    size = 11 if cell >= widest + 2 else 8.5
    if cell >= widest * size / 11 - 1:
        pic.labels([lab[:3] for lab in labels if not lab[3]], c="on-kv", size=size, bold=True)
        pic.labels([lab[:3] for lab in labels if lab[3]], c="ink", size=size, bold=True, halo=True)
