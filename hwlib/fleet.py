"""From one replica to a fleet: what is held, what runs together, what it all costs in chips."""

from __future__ import annotations

from hwlib.formula import formula, least, most


@formula(gives="live_tokens", cites="kwon2023pagedattention")
def live_tokens(*, prompt_tokens, output_tokens):
    """Tokens that a sequence holds on average while it is answered: its prompt and half its answer.

    >>> live_tokens(prompt_tokens=500, output_tokens=200)
    600.0
    """
    return prompt_tokens + output_tokens / 2


@formula(gives="held_tokens", cites="kwon2023pagedattention")
def full_tokens(*, prompt_tokens, output_tokens):
    """Tokens that a sequence holds at its end, for which paged allocation must find room.

    >>> full_tokens(prompt_tokens=500, output_tokens=200)
    700.0
    """
    return prompt_tokens + output_tokens


@formula(gives="running_batch", cites="kwon2023pagedattention")
def running_batch(*, batch_limit, sequences_that_fit):
    """Sequences that run together when the replica is busy: the limit, or what fits. At least one, so that times stay defined.

    >>> running_batch(batch_limit=64, sequences_that_fit=20), running_batch(batch_limit=64, sequences_that_fit=0)
    (20.0, 1.0)
    """
    return most(1, least(batch_limit, sequences_that_fit))


@formula(gives="batch_limit", cites="pope2022efficiently")
def stage_batch_limit(*, batch_limit, stages):
    """Sequences in flight when each stage works on a batch of its own.

    >>> stage_batch_limit(batch_limit=64, stages=2)
    128.0
    """
    return batch_limit * stages


@formula(gives="weight_bytes_per_chip", cites="pope2022efficiently")
def weights_per_chip(*, weight_bytes, n_chips):
    """Weights on each chip of a replica.

    >>> weights_per_chip(weight_bytes=140e9, n_chips=4)
    35000000000.0
    """
    return weight_bytes / n_chips


@formula(gives="working_sequences", cites="yu2022orca")
def working_sequences(*, running_batch, busy_share):
    """Sequences of a batch that still generate.

    >>> working_sequences(running_batch=32, busy_share=0.25)
    8.0
    """
    return running_batch * busy_share


@formula(gives="step_per_sequence_s", cites="pope2022efficiently")
def slope_of_step(*, full_step_s, single_step_s, running_batch):
    """What each further sequence adds to a step, between one and a full batch.

    >>> round(slope_of_step(full_step_s=0.05, single_step_s=0.02, running_batch=31), 6)
    0.001
    """
    return (full_step_s - single_step_s) / most(1, running_batch - 1)


@formula(gives="answer_s", cites="yu2022orca")
def answer_time(*, prefill_s, output_tokens, tpot_s):
    """Time from prompt to last token, without a queue.

    >>> answer_time(prefill_s=0.5, output_tokens=200, tpot_s=0.02)
    4.5
    """
    return prefill_s + output_tokens * tpot_s


@formula(gives="fleet_chips", cites="definition")
def fleet_chips(*, n_chips, replicas, spare_replicas):
    """Chips that are paid for: the replicas that serve and those that wait.

    >>> fleet_chips(n_chips=4, replicas=12, spare_replicas=1)
    52.0
    """
    return n_chips * (replicas + spare_replicas)


@formula(gives="tokens_per_s", cites="definition")
def output_rate(*, mean_requests_per_s, output_tokens):
    """Output tokens a second over the day.

    >>> output_rate(mean_requests_per_s=7.0, output_tokens=200)
    1400.0
    """
    return mean_requests_per_s * output_tokens


@formula(gives="fabric_usd_per_hour", cites="barroso2018datacenter")
def fabric_usd(*, fleet_chips, fabric_usd_per_chip_hour):
    """Price of network cards and switches between servers.

    >>> fabric_usd(fleet_chips=100, fabric_usd_per_chip_hour=0.2)
    20.0
    """
    return fleet_chips * fabric_usd_per_chip_hour
