"""How a fleet is run: the scheduler's rules, and how requests reach the replicas."""

from __future__ import annotations

from dataclasses import dataclass

from hwlib.designs import check, knob, knobs
from hwlib.errors import BadInput

CHUNK_TOKENS = 512
"""Prompt tokens of one chunk when prefill is chunked (Agrawal et al., 2024, use 256 to 2,048)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules of one replica's scheduler.

    ``admission = "whole"`` takes a request in when its prompt and its whole answer have room, so nothing is
    ever preempted; ``"prompt"`` takes it in when its prompt has room, lets the cache grow block by block, and
    preempts the latest arrival when it runs out (Kwon et al., 2023): ``recompute`` reads prompt and answer so
    far again, ``swap`` moves their keys and values out and back at ``swap_s_per_token``.
    """

    scheduler: str = knob("choice", "Batching", "continuous", options=("continuous", "static"))
    batch_limit: int = knob("count", "Batch limit", 64, low=1, high=100_000)
    chunk_tokens: int = knob("count", "Prompt tokens a chunk, 0: whole prompts", 0, unit="tokens", low=0, high=10_000_000)
    overlap: bool = knob("flag", "A chunk's arithmetic hides behind the step's reading", True)
    allocation: str = knob("choice", "KV allocation", "paged", options=("paged", "contiguous"))
    block_tokens: int = knob("count", "Tokens a block", 16, unit="tokens", low=1, high=100_000)
    context_tokens: int = knob("count", "Longest context", 10_000_000, unit="tokens", low=2, high=10_000_000)
    admission: str = knob("choice", "Room asked for", "whole", options=("whole", "prompt"))
    preemption: str = knob("choice", "Preempted by", "recompute", options=("recompute", "swap"))
    swap_s_per_token: float = knob("number", "Moving a token's keys and values out or in", 0.0, unit="s", low=0, high=1e3)
    prefix_reuse: bool = knob("flag", "Shared prefixes kept", False)
    draft_tokens: int = knob("count", "Tokens drafted a step, 0: none", 0, unit="tokens", low=0, high=64)
    acceptance: float = knob("number", "Share of drafted tokens that pass", 0.7, low=0, high=0.999999)
    draft_s: float = knob("number", "Time to draft one token", 0.0, unit="s", low=0, high=1e3)
    oversized: str = knob("choice", "Requests longer than the cache", "refuse", options=("refuse", "alone"))

    def __post_init__(self) -> None:
        for name, each in knobs(type(self)).items():
            object.__setattr__(self, name, check(f"policy.{name}", getattr(self, name), each))
        self._exclude(self.allocation == "contiguous" and self.admission == "prompt", "admission", "a contiguous cache cannot grow: use admission = 'whole' or allocation = 'paged'")
        self._exclude(self.allocation == "contiguous" and self.prefix_reuse, "prefix_reuse", "a contiguous cache shares nothing: use allocation = 'paged'")
        self._exclude(self.draft_tokens > 0 and self.admission == "prompt", "draft_tokens", "drafting is modelled with admission = 'whole' only")
        self._exclude(self.oversized == "alone" and self.admission == "prompt", "oversized", "serving too long a request alone needs admission = 'whole'")

    def _exclude(self, wrong: bool, field: str, why: str) -> None:
        if wrong:
            raise BadInput(f"policy.{field} = {getattr(self, field)!r} does not go with the rest: {why}", field=field)

    @property
    def tokens_per_step(self) -> float:
        """Mean tokens that a sequence gains a step: with γ drafted and each passing with chance α, (1 − α^(γ+1)) / (1 − α).

        >>> round(Policy(draft_tokens=3, acceptance=0.5).tokens_per_step, 3), Policy().tokens_per_step
        (1.875, 1)
        """
        return (1 - self.acceptance ** (self.draft_tokens + 1)) / (1 - self.acceptance) if self.draft_tokens else 1

    def capacity(self, room_tokens: float) -> int:
        """Blocks that fit into the room; tokens when the cache is contiguous."""
        return int(room_tokens // self.block)

    @property
    def block(self) -> int:
        return self.block_tokens if self.allocation == "paged" else 1

    def blocks(self, tokens: int) -> int:
        """Blocks that a sequence of so many tokens takes for its whole life; a contiguous cache sets the longest context aside."""
        return -(-tokens // self.block_tokens) if self.allocation == "paged" else self.context_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Equal replicas behind one door. With ``prefill_replicas`` these read the prompts and hand the cache to the others."""

    replicas: int = knob("count", "Replicas; those that decode, when prefill is apart", 1, low=1, high=10_000)
    dispatch: str = knob("choice", "Requests go to", "shortest-queue", options=("shortest-queue", "round-robin"))
    prefill_replicas: int = knob("count", "Replicas that only read prompts, 0: none", 0, low=0, high=10_000)
    transfer_s: float = knob("number", "Start of a cache's transfer", 0.0, unit="s", low=0, high=1e3)
    transfer_s_per_token: float = knob("number", "Transfer of a token's keys and values", 0.0, unit="s", low=0, high=1e3)

    def __post_init__(self) -> None:
        for name, each in knobs(type(self)).items():
            object.__setattr__(self, name, check(f"fleet.{name}", getattr(self, name), each))
