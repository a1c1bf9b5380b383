"""The simulator step by step, written to be read: every decode step is taken, every block counted afresh.

It shares no code with `hwlib.simulator.engine`: sequences are small objects in a list, the cache is recounted from
them each time, and a fleet takes one turn of one replica at a time. Slow, and therefore only a test's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass
class Sequence:
    """A request in flight: its number, the tokens it holds, the steps it still wants."""

    number: int
    tokens: float
    left: int
    reserved: int = 0
    prefix: int = -1


@dataclass
class Chunked:
    """A prompt that is being read in pieces."""

    sequence: Sequence
    todo: int
    done: int
    fresh: bool


@dataclass
class Reference:
    """One replica."""

    costs: object
    policy: object
    requests: object
    times: dict  # number → {"start", "first", "end"}
    prefilled: bool = False
    now: float = 0.0
    busy: float = 0.0
    waiting: list = field(default_factory=list)
    preempted: list = field(default_factory=list)
    running: list = field(default_factory=list)
    prefixes: list = field(default_factory=list)  # resident ones, least recently used first
    reading: Chunked | None = None
    closed: bool = False
    peak: int = 0
    preemptions: int = 0
    steps: int = 0
    token_steps: int = 0
    ends: list = field(default_factory=list)

    # What is in the cache.

    @property
    def block(self):
        return self.policy.block_tokens if self.policy.allocation == "paged" else 1

    @property
    def shared(self):
        reuse = self.policy.prefix_reuse and self.requests.prefix is not None
        return self.requests.prefix_tokens // self.block if reuse else 0

    @property
    def capacity(self):
        return math.floor(self.costs.kv_room_tokens / self.block)

    def blocks(self, tokens):
        return math.ceil(tokens / self.block)

    def held(self, extra_steps=0):
        """Blocks in use, and how many there would be after further steps of those that run."""
        everyone = self.running + ([self.reading.sequence] if self.reading else [])
        own = 0
        for s in everyone:
            steps = extra_steps if s in self.running else 0
            own += self.blocks(s.tokens + steps) - (self.shared if s.prefix >= 0 else 0) if self.policy.admission == "prompt" else s.reserved
        return own + self.shared * len({s.prefix for s in everyone if s.prefix >= 0})

    def users(self, prefix):
        return sum(s.prefix == prefix for s in self.running) + (self.reading is not None and self.reading.sequence.prefix == prefix)

    def settle(self):
        """Note the peak; unused prefixes make room."""
        self.peak = max(self.peak, self.held())
        for prefix in list(self.prefixes):
            unused = [p for p in self.prefixes if not self.users(p)]
            if not unused or self.held() + len(unused) * self.shared <= self.capacity:
                break
            if prefix in unused:
                self.prefixes.remove(prefix)

    # Turns.

    def idle(self):
        return not (self.waiting or self.preempted or self.running or self.reading)

    def in_system(self, when):
        return self.given - sum(end <= when for end in self.ends)

    given: int = 0

    def offer(self, number, when):
        if self.idle():
            self.now = max(self.now, when)
        self.waiting.append(number)
        self.given += 1

    def turn(self):
        """One prefill, one chunk, one decode step or one preemption."""
        if self.reading:
            return self.read_chunk()
        come = [i for i in self.waiting if self.requests.arrival[i] <= self.now]
        if (come or self.preempted) and len(self.running) < self.policy.batch_limit and not self.closed and self.admit():
            return None
        if not self.running:
            self.now = self.requests.arrival[self.waiting[0]]
            return None
        self.closed = self.policy.scheduler == "static"
        if self.policy.admission == "prompt" and self.held(1) > self.capacity:
            return self.preempt()
        return self.decode(0.0, 0.0)

    def admit(self):
        p, r = self.policy, self.requests
        fresh = not self.preempted
        if fresh:
            number = self.waiting[0]
            prompt, output = int(r.prompt[number]), int(r.output[number])
            todo, tokens = (0 if self.prefilled else prompt), prompt + 1
            left = math.ceil((output - 1) / p.tokens_per_step)
        else:
            old = min(self.preempted, key=lambda s: s.number)
            number = old.number
            prompt, output = int(r.prompt[number]), int(r.output[number])
            todo, tokens, left = (0, old.tokens, old.left) if p.preemption == "swap" else (old.tokens, old.tokens + 1, old.left - 1)
        prefix = int(r.prefix[number]) if self.shared else -1
        new = Sequence(number, tokens, left, prefix=prefix)
        new.reserved = (self.blocks(prompt + output) if p.allocation == "paged" else p.context_tokens) - (self.shared if prefix >= 0 else 0)
        in_use = prefix >= 0 and self.users(prefix) > 0
        chunked = p.chunk_tokens > 0 and bool(self.running)
        if p.admission == "prompt":
            steps = (math.ceil(todo / p.chunk_tokens) if chunked else 0) + 1
            want = self.held(steps) + self.blocks(tokens + (1 if left else 0)) - (self.shared if prefix >= 0 else 0)
        else:
            want = self.held() + new.reserved
        want += self.shared if prefix >= 0 and not in_use else 0
        if want > self.capacity and self.running:
            return False
        (self.waiting if fresh else self.preempted).remove(number if fresh else old)
        done = 0
        if prefix >= 0:
            if prefix in self.prefixes:
                self.prefixes.remove(prefix)
                done = self.shared * self.block if todo else 0
            self.prefixes.append(prefix)
        self.reading = Chunked(new, int(todo) - done, done, fresh)
        self.settle()
        if fresh and not self.prefilled:
            self.times[number]["start"] = self.now
        if not fresh and p.preemption == "swap":
            self.spend(p.swap_s_per_token * old.tokens)
        if self.reading.todo and not chunked:
            self.spend(self.costs.prefill(self.reading.todo, done))
            self.reading.todo = 0
        if not self.reading.todo:
            self.join()
        return True

    def read_chunk(self):
        r = self.reading
        size = min(self.policy.chunk_tokens, r.todo)
        c = self.costs
        work = c.pre1 * size + c.pre2 * ((r.done + size) ** 2 - r.done**2)
        r.todo -= size
        r.done += size
        self.decode(work, c.pre_comm * size)
        if not r.todo:
            self.join()

    def join(self):
        r, self.reading = self.reading, None
        if r.fresh and not self.prefilled:
            self.times[r.sequence.number]["first"] = self.now
        self.running.append(r.sequence)
        self.leave()

    def decode(self, work, links):
        c, p = self.costs, self.policy
        batch, tokens = len(self.running), sum(s.tokens for s in self.running)
        reading, arithmetic = c.weights + c.per_kv * tokens, c.per_seq * batch * (p.draft_tokens + 1)
        longer = max(reading, arithmetic + work) if p.overlap else max(reading, arithmetic) + work
        self.spend(c.fixed + p.draft_tokens * p.draft_s + longer + c.comm0 + c.comm1 * batch * (p.draft_tokens + 1) + links)
        for s in self.running:
            s.tokens += p.tokens_per_step
            s.left -= 1
        self.steps += 1
        self.token_steps += batch
        self.settle()
        self.leave()

    def leave(self):
        for s in [s for s in self.running if s.left <= 0]:
            self.running.remove(s)
            self.times[s.number]["end"] = self.now
            self.ends.append(self.now)
        if not self.running and not self.reading:
            self.closed = False

    def preempt(self):
        last = max(self.running, key=lambda s: s.number)
        self.running.remove(last)
        self.preempted.append(last)
        self.preemptions += 1
        if self.policy.preemption == "swap":
            self.spend(self.policy.swap_s_per_token * last.tokens)

    def spend(self, seconds):
        self.now += seconds
        self.busy += seconds


def serve_step_by_step(costs, requests, policy, fleet):
    """All requests on a fleet; their times by number and the replicas."""
    times = {i: {"start": math.nan, "first": math.nan, "end": math.nan} for i in range(len(requests))}
    fitting = []
    for i in range(len(requests)):
        tokens = int(requests.prompt[i]) + int(requests.output[i])
        whole = policy.context_tokens if policy.allocation == "contiguous" else math.ceil(tokens / policy.block_tokens)
        room = math.floor(costs.kv_room_tokens / (1 if policy.allocation == "contiguous" else policy.block_tokens))
        if policy.oversized == "alone" or (tokens <= policy.context_tokens and whole <= room):
            fitting.append(i)
    if fleet.prefill_replicas:
        return _apart(costs, requests, policy, fleet, fitting, times)
    return times, _dispatch(costs, requests, policy, fleet, fitting, times, False)


def _dispatch(costs, requests, policy, fleet, numbers, times, prefilled):
    replicas = [Reference(costs, policy, requests, times, prefilled) for _ in range(fleet.replicas)]
    for k, i in enumerate(numbers):
        when = requests.arrival[i]
        for each in replicas:
            while not each.idle() and each.now < when:
                each.turn()
        if fleet.dispatch == "round-robin":
            chosen = replicas[k % len(replicas)]
        else:
            chosen = min(replicas, key=lambda each: each.in_system(when))
        chosen.offer(i, when)
    for each in replicas:
        while not each.idle():
            each.turn()
    return replicas


def _apart(costs, requests, policy, fleet, numbers, times):
    from dataclasses import replace

    import numpy as np

    free = [0.0] * fleet.prefill_replicas
    ready = []
    for i in numbers:
        reader = free.index(min(free))
        times[i]["start"] = max(requests.arrival[i], free[reader])
        free[reader] = times[i]["start"] + costs.prefill(int(requests.prompt[i]))
        times[i]["first"] = free[reader]
        if requests.output[i] == 1:
            times[i]["end"] = free[reader]
        else:
            ready.append((free[reader] + fleet.transfer_s + fleet.transfer_s_per_token * (int(requests.prompt[i]) + 1), i))
    ready.sort()
    order = [i for _, i in ready]
    moved = replace(
        requests, arrival=np.array([when for when, _ in ready]), prompt=requests.prompt[order], output=requests.output[order],
        prefix=None if requests.prefix is None else requests.prefix[order],
    )
    then = {k: {"start": math.nan, "first": math.nan, "end": math.nan} for k in range(len(order))}
    replicas = _dispatch(costs, moved, policy, fleet, list(range(len(order))), then, True)
    for k, i in enumerate(order):
        times[i]["end"] = then[k]["end"]
    return times, replicas
