"""The inner loop: one replica that jumps from event to event.

Between two events the batch does not change and the cache grows by a token a sequence and step, so a run of
decode steps has a closed form. A replica is a generator: it is sent a time until which its inbox is complete,
works until it can do no more before that time, and yields. Its state lives in local variables, which is what
makes plain Python fast enough here; `tests/hwlib/reference_simulator.py` is the same machine step by step, written for
reading.

The order of things at the start of each turn: who waits and has room is admitted, those preempted first, then
by arrival; else the batch decodes, until a sequence ends, a request arrives that may join, or the cache is full.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from math import ceil, inf, nan, sqrt

import numpy as np

from hwlib.simulator.arrivals import Requests
from hwlib.simulator.costs import Costs
from hwlib.simulator.policy import Policy


@dataclass(slots=True)
class Ledger:
    """What became of each request (seconds; NaN: refused), shared by the replicas of a fleet."""

    start: np.ndarray
    first: np.ndarray
    end: np.ndarray

    @classmethod
    def blank(cls, count: int) -> Ledger:
        return cls(*(np.full(count, nan) for _ in range(3)))


@dataclass(slots=True)
class Tally:
    """What one replica did: seconds, tokens, blocks."""

    now: float = 0.0
    idle_s: float = 0.0
    served: int = 0
    decode_steps: int = 0
    decode_tokens: int = 0
    prefill_tokens: int = 0
    cached_tokens: int = 0
    preemptions: int = 0
    capacity: int = 0
    peak_blocks: int = 0
    peak_batch: int = 0
    samples: list[tuple[float, int, int]] = field(default_factory=list)
    """(time, blocks held, sequences in flight), each just before a sequence ends."""


def serve(
    costs: Costs, policy: Policy, requests: Requests, inbox: Sequence[int], ledger: Ledger, tally: Tally,
    *, sample_every: int = 1, prefilled: bool = False, ended: list[float] | None = None,
) -> Generator[None, float, None]:
    """Serve the requests whose numbers stand in ``inbox``, in that order, which is by arrival.

    Send the time until which the inbox is complete; the generator ends after ``inf``. ``prefilled``: the cache comes
    ready from a prefill replica. ``ended`` gathers the times at which sequences end, for those who count queues.
    """
    arrival, prompt, output = (memoryview(a) for a in (requests.arrival, requests.prompt, requests.output))
    starts, firsts, ends = (memoryview(a) for a in (ledger.start, ledger.first, ledger.end))
    shift = max(1, len(arrival)).bit_length()
    mask = (1 << shift) - 1

    grow = policy.tokens_per_step
    drafted = policy.draft_tokens + 1
    flat0 = costs.fixed + costs.comm0 + policy.draft_tokens * policy.draft_s
    flat1, per_seq = costs.comm1 * drafted, costs.per_seq * drafted
    weights, per_kv = costs.weights, costs.per_kv
    pre_fixed, pre_floor, pre1, pre2, pre_comm = costs.pre_fixed, costs.pre_floor, costs.pre1, costs.pre2, costs.pre_comm
    limit, static, chunk, overlap = policy.batch_limit, policy.scheduler == "static", policy.chunk_tokens, policy.overlap
    paged, growing, swap, swap_s = policy.allocation == "paged", policy.admission == "prompt", policy.preemption == "swap", policy.swap_s_per_token
    block, capacity = policy.block_tokens if paged else 1, policy.capacity(costs.kv_room_tokens)
    set_aside = 0 if paged else policy.context_tokens

    prefix = memoryview(requests.prefix) if policy.prefix_reuse and requests.prefix is not None else None
    shared = requests.prefix_tokens // block  # blocks of a shared prefix; only full ones are shared
    if not shared:
        prefix = None
    kept: OrderedDict[int, int] = OrderedDict()  # prefix → sequences that use it, least recently used first
    unused = 0  # of these, how many nobody uses

    active: list[int] = []  # (step at which it ends, number of the request) in one integer: a heap
    again: list[tuple[int, int, int]] = []  # preempted: (number, steps left, tokens it had), by arrival
    phases = [0] * block if growing else []  # sequences by (tokens − steps done) mod block: when each next takes a block
    n = steps = used = coming = peak_blocks = peak_batch = 0
    live: float = 0
    now = idle = 0.0
    decode_tokens = decode_steps = prefill_tokens = cached_tokens = preemptions = served = 0
    until_sample = 1
    closed = False  # a static batch closes when its decode begins
    joining = fresh = False  # a prompt is being read; it is read for the first time
    i = todo = done = after = left = 0  # that request, its tokens to read and read, those it holds then, its steps
    waiting, spent = False, 0.0

    horizon = yield
    inbox_size = len(inbox)
    t_next = arrival[inbox[0]] if inbox_size else inf
    while True:
        count = 0
        if joining:
            if todo:  # the next chunk of a prompt shares the step of the others
                size = chunk if chunk < todo else todo
                extra = pre1 * size + pre2 * (size * size + 2 * size * done)
                todo -= size
                done += size
                count, reading, arithmetic = 1, weights + per_kv * live, per_seq * n
                spent = flat0 + flat1 * n + pre_comm * size + (max(reading, arithmetic + extra) if overlap else max(reading, arithmetic) + extra)
            else:  # the prompt is read: its first token is there
                joining = False
                if fresh and not prefilled:
                    firsts[i] = now
                if left:
                    heappush(active, ((steps + left) << shift) | i)
                    n += 1
                    live += after
                    if growing:
                        phases[(after - steps) % block] += 1
                    if n > peak_batch:
                        peak_batch = n
                    continue
                heappush(active, (steps << shift) | i)  # one token was all it wanted, or all it lacked: it ends at once
                n += 1
                live += after
                spent = 0.0
                if growing:
                    phases[(after - steps) % block] += 1

        elif now >= horizon or (not n and not again and t_next >= horizon):
            if horizon == inf:
                break
            horizon = yield
            inbox_size = len(inbox)
            t_next = arrival[inbox[coming]] if coming < inbox_size else inf
            continue

        else:
            waiting = t_next <= now or again
            if waiting and n < limit and not closed:
                # Who is first in line, and what it needs.
                if again:
                    i, left, had = again[0]
                    fresh = False
                    if swap:
                        todo, after = 0, had
                    else:
                        todo, after, left = had, had + 1, left - 1
                else:
                    i = inbox[coming]
                    fresh = True
                    after, left = prompt[i] + 1, output[i] - 1
                    todo = 0 if prefilled else after - 1
                    if drafted > 1:
                        left = ceil(left / grow)
                need, more = -(-(prompt[i] + output[i]) // block) if paged else set_aside, 0
                if growing:
                    need = -(-after // block)
                    chunks = -(-todo // chunk) if chunk and n else 0
                    more = growth(phases, block, n, steps, chunks + 1) + (1 if left and after % block == 0 else 0)
                if prefix is not None and (name := prefix[i]) >= 0:
                    users = kept.get(name, -1)
                    need -= shared
                    if users <= 0:
                        more += shared
                else:
                    name = -1
                if used + need + more <= capacity or not n:
                    used += need
                    done = 0
                    if name >= 0:
                        if users <= 0:
                            used += shared
                            if not users:
                                unused -= 1
                        if users >= 0 and todo:
                            done = shared * block
                            todo -= done
                            cached_tokens += done
                        kept[name] = max(users, 0) + 1
                        kept.move_to_end(name)
                    if unused and used + unused * shared > capacity:
                        unused = evict(kept, unused, (capacity - used) // shared)
                    if used > peak_blocks:
                        peak_blocks = used
                    if fresh:
                        coming += 1
                        t_next = arrival[inbox[coming]] if coming < inbox_size else inf
                        if not prefilled:
                            starts[i] = now
                    else:
                        heappop(again)
                        if swap:
                            now += swap_s * had
                    joining = True
                    prefill_tokens += todo
                    if todo and not (chunk and n):
                        arithmetic = pre1 * todo + pre2 * (todo * todo + 2 * todo * done)
                        now += pre_fixed + (arithmetic if arithmetic > pre_floor else pre_floor) + pre_comm * todo
                        todo = 0
                    continue

            if not n:
                idle += t_next - now
                now = t_next
                continue

            # Decode: as many steps as change nothing but lengths.
            closed = static
            count = (active[0] >> shift) - steps
            if growing:
                free = capacity - used
                if free < n * (count // block + 1):
                    count = min(count, steps_that_fit(phases, block, n, steps, free))
                    if not count:  # the cache is full: the latest arrival gives way
                        key = max(active, key=lambda each: each & mask)
                        active.remove(key)
                        heapify(active)
                        n -= 1
                        j, left = key & mask, (key >> shift) - steps
                        had = prompt[j] + output[j] - left
                        live -= had
                        phases[(had - steps) % block] -= 1
                        used -= -(-had // block)
                        if prefix is not None and (name := prefix[j]) >= 0:
                            used += shared
                            kept[name] -= 1
                            if not kept[name]:
                                unused += 1
                                used -= shared
                        preemptions += 1
                        if swap:
                            now += swap_s * had
                        heappush(again, (j, left, had))
                        continue
            flat = flat0 + flat1 * n
            first, rise, floor = weights + per_kv * live, per_kv * n * grow, per_seq * n
            below = 0 if first >= floor else ceil((floor - first) / rise) if rise > 0 else count  # steps in which arithmetic is the slower
            if below > count:
                below = count
            above = count - below
            spent = count * flat + below * floor + above * first + rise * (above * below + above * (above - 1) / 2)
            if count > 1 and not waiting and n < limit and not closed:
                stop = t_next if t_next < horizon else horizon
                if now + spent >= stop:  # somebody comes before that: decode to the first step at whose end he is there
                    span = stop - now
                    k = span / (flat + floor) if below else inf
                    if k > below:
                        half = flat + first + rise * (below - 0.5)
                        span -= below * (flat + floor)
                        k = below + 2 * span / (half + sqrt(half * half + 2 * rise * span))
                    k = min(count, int(k) + 1)
                    up = False
                    while True:  # the guess is right to rounding: step down while that is still late enough, or up
                        low = below if below < k else k
                        above = k - low
                        trial = k * flat + low * floor + above * first + rise * (above * low + above * (above - 1) / 2)
                        if now + trial >= stop:
                            count, spent = k, trial
                            if up or k == 1:
                                break
                            k -= 1
                        else:
                            up = True
                            k += 1
                            if k >= count:
                                break

        # The clock moves, the cache grows, and those who have all their tokens leave.
        now += spent
        if count:
            if growing:
                used += growth(phases, block, n, steps, count)
                if used > peak_blocks:
                    peak_blocks = used
                if unused and used + unused * shared > capacity:
                    unused = evict(kept, unused, (capacity - used) // shared)
            steps += count
            decode_steps += count
            decode_tokens += count * n
            live += count * n * grow
        bound = (steps + 1) << shift
        while n and active[0] < bound:
            j = heappop(active) & mask
            until_sample -= 1
            if not until_sample:
                until_sample = sample_every
                tally.samples.append((now, used, n))
            n -= 1
            served += 1
            ends[j] = now
            if ended is not None:
                ended.append(now)
            tokens = prompt[j] + output[j]
            live -= tokens if drafted == 1 else prompt[j] + 1 + ceil((output[j] - 1) / grow) * grow
            used -= -(-tokens // block) if paged else set_aside
            if growing:
                phases[(tokens - steps) % block] -= 1
            if prefix is not None and (name := prefix[j]) >= 0:
                used += shared
                kept[name] -= 1
                if not kept[name]:
                    unused += 1
                    used -= shared
        if not n:
            live, closed = 0, False

    tally.now, tally.idle_s, tally.served, tally.capacity = now, idle, served, capacity
    tally.decode_steps, tally.decode_tokens, tally.prefill_tokens, tally.cached_tokens = decode_steps, decode_tokens, prefill_tokens, cached_tokens
    tally.preemptions, tally.peak_blocks, tally.peak_batch = preemptions, peak_blocks, peak_batch


def growth(phases: list[int], block: int, n: int, steps: int, count: int) -> int:
    """Blocks that ``n`` sequences take in ``count`` further steps.

    ``phases[f]`` counts the sequences with (tokens − steps done) mod block = f; a sequence takes a block when its
    tokens fill the last one, so ``block`` steps take one block of each.

    >>> growth([1, 0, 0, 1], 4, 2, 0, 1), growth([1, 0, 0, 1], 4, 2, 0, 2), growth([1, 0, 0, 1], 4, 2, 0, 9)
    (1, 2, 5)
    """
    whole, part = divmod(count, block)
    return whole * n + sum([phases[-(steps + j) % block] for j in range(part)])


def steps_that_fit(phases: list[int], block: int, n: int, steps: int, free: int) -> int:
    """The most steps whose growth fits into ``free`` blocks.

    >>> steps_that_fit([1, 0, 0, 1], 4, 2, 0, 0), steps_that_fit([1, 0, 0, 1], 4, 2, 0, 1), steps_that_fit([1, 0, 0, 1], 4, 2, 0, 4)
    (0, 1, 8)
    """
    whole, free = divmod(free, n)
    fit = whole * block
    for j in range(block):
        free -= phases[-(steps + j) % block]
        if free < 0:
            break
        fit += 1
    return fit


def evict(kept: OrderedDict[int, int], unused: int, room: int) -> int:
    """Drop prefixes that nobody uses, the least recently used first, until at most ``room`` of them are left; how many are.

    >>> kept = OrderedDict({3: 0, 1: 2, 2: 0})
    >>> evict(kept, 2, 1), list(kept)
    (1, [1, 2])
    """
    for name in [k for k, users in kept.items() if not users]:
        if unused <= room:
            break
        del kept[name]
        unused -= 1
    return unused
