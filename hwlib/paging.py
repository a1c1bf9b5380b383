"""Where the keys and values of many answers lie: reserved in one piece for the longest, or in blocks taken when needed.

`play` steps a small pool token by token, so that the blocks can be watched; the simulator counts the same blocks without
placing them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hwlib.formula import formula
from hwlib.offload import check_amount


@formula(gives="kv_used_share", cites="kwon2023pagedattention")
def contiguous_used_share(*, live_tokens, reserved_tokens):
    """Share of a reservation that holds tokens, on average over an answer.

    >>> contiguous_used_share(live_tokens=600, reserved_tokens=2048)
    0.29296875
    """
    return live_tokens / reserved_tokens


@formula(gives="held_tokens", cites="kwon2023pagedattention")
def paged_held_tokens(*, live_tokens, block_tokens):
    """Tokens that the blocks of an answer have room for: its last block is half empty on average.

    >>> paged_held_tokens(live_tokens=600, block_tokens=16)
    607.5
    """
    return live_tokens + (block_tokens - 1) / 2


@formula(gives="kv_used_share", cites="kwon2023pagedattention")
def paged_used_share(*, live_tokens, held_tokens):
    """Share of the blocks taken that holds tokens.

    >>> round(paged_used_share(live_tokens=600, held_tokens=607.5), 4)
    0.9877
    """
    return live_tokens / held_tokens


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool after some steps. ``blocks`` are in the order of memory: (which request, tokens in it), or None while free."""

    running: tuple[tuple[int, int], ...]
    """Requests at work and the tokens that each holds."""
    blocks: tuple[tuple[int, int] | None, ...]
    taken_tokens: int
    finished: int

    @property
    def held(self) -> int:
        """Tokens that exist."""
        return sum(tokens for _, tokens in self.running)

    @property
    def share(self) -> float:
        """Of what is taken, the share that holds tokens; 1 while nothing is taken."""
        return self.held / self.taken_tokens if self.taken_tokens else 1.0


def play(requests: Sequence[tuple[int, int]], *, blocks: int, block_tokens: int, steps: int, reserved_tokens: int = 0) -> Pool:
    """Requests (prompt, answer) in their order, each gaining a token a step, in a pool of so many blocks.

    A request comes in when its whole answer has room beside what the others may still need, takes blocks as it grows
    and frees them when it ends. With ``reserved_tokens`` it takes that many at once and keeps them. Raises `BadInput`.

    >>> paged = play([(20, 30)] * 8, blocks=16, block_tokens=16, steps=10)
    >>> [tokens for _, tokens in paged.running], paged.taken_tokens
    ([30, 30, 30, 30], 128)
    >>> play([(20, 30)] * 8, blocks=16, block_tokens=16, steps=10, reserved_tokens=128).taken_tokens
    256
    """
    for name, value, least in (("blocks", blocks, 1), ("block_tokens", block_tokens, 1), ("steps", steps, 0), ("reserved_tokens", reserved_tokens, 0)):
        check_amount(name, value, least, 100_000, whole=True)
    need = lambda tokens: -(-tokens // block_tokens)  # noqa: E731 - blocks that so many tokens take
    free, home = list(range(blocks - 1, -1, -1)), {}
    tokens: dict[int, int] = {}
    coming, finished = 0, 0
    for step in range(steps + 1):
        for each in [r for r, held in tokens.items() if step and held == sum(requests[r])]:
            free += reversed(home.pop(each))
            del tokens[each]
            finished += 1
        for each in tokens:
            tokens[each] += 1 if step else 0
        while coming < len(requests):
            most = need(reserved_tokens or sum(requests[coming]))
            promised = sum(need(reserved_tokens or sum(requests[r])) for r in tokens)
            if promised + most > blocks:
                break
            tokens[coming], home[coming] = requests[coming][0], []
            coming += 1
        for each, held in tokens.items():
            while len(home[each]) < need(max(held, reserved_tokens)):
                home[each].append(free.pop())
    where: list[tuple[int, int] | None] = [None] * blocks
    for each, places in home.items():
        for k, place in enumerate(places):
            where[place] = (each, max(0, min(block_tokens, tokens[each] - k * block_tokens)))
    return Pool(tuple(tokens.items()), tuple(where), block_tokens * (blocks - len(free)), finished)
