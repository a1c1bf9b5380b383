"""Long runs break: how often, how often to save, and what is left of the time."""

from __future__ import annotations

from hwlib.formula import formula, most, root


@formula(gives="mtbf_s", cites="grattafiori2024llama3")
def cluster_mtbf_s(*, mtbf_chip_hours, n_chips, hour_s):
    """Mean time between failures of the whole cluster: the more chips, the shorter.

    >>> round(cluster_mtbf_s(mtbf_chip_hours=50000, n_chips=16384, hour_s=3600) / 3600, 2)
    3.05
    """
    return mtbf_chip_hours / n_chips * hour_s


@formula(gives="checkpoint_bytes", cites="rajbhandari2020zero")
def checkpoint_bytes(*, params, weight_value_bytes, optimizer_value_bytes):
    """Bytes of one checkpoint: weights and optimizer state, gradients left out.

    >>> checkpoint_bytes(params=100e9, weight_value_bytes=2, optimizer_value_bytes=12) / 1e12
    1.4
    """
    return params * (weight_value_bytes + optimizer_value_bytes)


@formula(gives="checkpoint_write_s", cites="young1974first")
def checkpoint_write_s(*, checkpoint_bytes, storage_bytes_per_s):
    """Time to write one checkpoint.

    >>> checkpoint_write_s(checkpoint_bytes=1.4e12, storage_bytes_per_s=2e11)
    7.0
    """
    return checkpoint_bytes / storage_bytes_per_s


@formula(gives="best_interval_s", cites="young1974first")
def best_interval_s(*, checkpoint_write_s, mtbf_s):
    """Young's interval: saving costs as much as the work that a failure loses.

    >>> best_interval_s(checkpoint_write_s=8.0, mtbf_s=10000.0)
    400.0
    """
    return root(2 * checkpoint_write_s * mtbf_s)


@formula(gives="goodput", cites="daly2006higher")
def goodput(*, checkpoint_write_s, checkpoint_interval_s, restart_s, mtbf_s):
    """Share of time that ends up in the model: less saving, restarting and half an interval lost at each failure.

    Never under one per cent: past that the run makes no headway and its length means nothing.

    >>> round(goodput(checkpoint_write_s=8.0, checkpoint_interval_s=400.0, restart_s=100.0, mtbf_s=10000.0), 3)
    0.95
    """
    return most(0.01, 1 - checkpoint_write_s / checkpoint_interval_s - (restart_s + checkpoint_interval_s / 2) / mtbf_s)


@formula(gives="failures", cites="grattafiori2024llama3")
def failures(*, run_s, mtbf_s):
    """Failures to expect over a run.

    >>> failures(run_s=54 * 86400, mtbf_s=54 * 86400 / 419)
    419.0
    """
    return run_s / mtbf_s
