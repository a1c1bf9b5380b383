"""The training step: how long, how much of the peak, how many days, what it costs."""

from __future__ import annotations

from hwlib.formula import formula


@formula(gives="training_flops", cites="kaplan2020scaling")
def training_flops(*, params, train_tokens):
    """Arithmetic of a run: two FLOP a parameter and token forward, four backward.

    >>> training_flops(params=70e9, train_tokens=2e12) / 1e23
    8.4
    """
    return 6 * params * train_tokens


@formula(gives="counted_flops", cites="korthikanti2022reducing")
def counted_flops_per_token(*, layer_matmul_params, head_params, layers, heads, head_dim, attended_tokens, passes, head_passes):
    """Arithmetic of a token as a paper counts it: three passes for forward and backward, a fourth where it counts recomputation.

    The output projection is not computed again, so it has a count of its own. ``attended_tokens`` is the whole sequence
    where attention is counted in full and half of it where the causal mask is counted.

    >>> f = counted_flops_per_token(layer_matmul_params=96 * 12 * 12288**2, head_params=51200 * 12288, layers=96, heads=96,
    ...                             head_dim=128, attended_tokens=2048, passes=4, head_passes=3)
    >>> h, s = 12288, 2048
    >>> round(f / (96 * 96 * h**2 * (1 + s / (6 * h) + 51200 / (16 * 96 * h))), 12)  # Narayanan et al., equation 3
    1.0
    """
    return passes * (2 * layer_matmul_params + 4 * layers * heads * head_dim * attended_tokens) + head_passes * 2 * head_params


@formula(gives="step_flops_per_chip", cites="narayanan2021efficient")
def step_flops_per_chip(*, forward_flops, global_batch_tokens, n_chips):
    """Arithmetic of one step on one chip, forward and backward.

    >>> step_flops_per_chip(forward_flops=200e9, global_batch_tokens=4e6, n_chips=1000) / 1e15
    2.4
    """
    return 3 * forward_flops * global_batch_tokens / n_chips


@formula(gives="compute_s", cites="narayanan2021efficient")
def step_arithmetic_s(*, step_flops_per_chip, peak_flops_per_s, compute_efficiency, precision_gain):
    """Time of that arithmetic at the efficiency that real kernels reach.

    >>> round(step_arithmetic_s(step_flops_per_chip=2.4e15, peak_flops_per_s=989e12, compute_efficiency=0.6, precision_gain=1.0), 2)
    4.04
    """
    return step_flops_per_chip / (peak_flops_per_s * compute_efficiency * precision_gain)


@formula(gives="precision_gain", cites="micikevicius2022fp8")
def precision_gain(*, matmul_share, peak_ratio):
    """Amdahl's law over the products that run at the lower precision: the rest does not get faster.

    >>> round(precision_gain(matmul_share=0.45, peak_ratio=2.0), 2)
    1.29
    """
    return 1 / (1 - matmul_share + matmul_share / peak_ratio)


@formula(gives="recompute_s", cites="korthikanti2022reducing")
def recompute_s(*, compute_s, recompute_share):
    """Arithmetic done again on the way back: a third of the step when every layer is, a little when only scores are.

    >>> round(recompute_s(compute_s=3.0, recompute_share=1 / 3), 2)
    1.0
    """
    return compute_s * recompute_share


@formula(gives="optimizer_s", cites="rajbhandari2020zero")
def optimizer_s(*, optimizer_bytes_per_chip, mem_bytes_per_s, memory_efficiency):
    """The update: optimizer state read and written once.

    >>> round(optimizer_s(optimizer_bytes_per_chip=30e9, mem_bytes_per_s=3.35e12, memory_efficiency=0.8), 3)
    0.022
    """
    return 2 * optimizer_bytes_per_chip / (mem_bytes_per_s * memory_efficiency)


@formula(gives="step_s", cites="narayanan2021efficient")
def training_step_s(*, compute_s, recompute_s, tensor_comm_s, bubble, pipeline_comm_s, data_comm_exposed_s, optimizer_s):
    """One step: the work of a stage stretched by the bubble, then what nothing hides.

    >>> round(training_step_s(compute_s=4.0, recompute_s=0.0, tensor_comm_s=0.5, bubble=0.1, pipeline_comm_s=0.0, data_comm_exposed_s=0.2, optimizer_s=0.05), 2)
    5.25
    """
    return (compute_s + recompute_s + tensor_comm_s) / (1 - bubble) + pipeline_comm_s + data_comm_exposed_s + optimizer_s


@formula(gives="exposed_comm_share", cites="narayanan2021efficient")
def exposed_comm_share(*, tensor_comm_s, pipeline_comm_s, data_comm_exposed_s, step_s):
    """Share of a step in which chips wait for links.

    >>> round(exposed_comm_share(tensor_comm_s=0.5, pipeline_comm_s=0.0, data_comm_exposed_s=0.2, step_s=5.0), 2)
    0.14
    """
    return (tensor_comm_s + pipeline_comm_s + data_comm_exposed_s) / step_s


@formula(gives="mfu", cites="chowdhery2022palm")
def mfu(*, step_flops_per_chip, step_s, peak_flops_per_s):
    """Model FLOPs utilisation: useful arithmetic over what the 16-bit peak would allow. Recomputation does not count.

    >>> round(mfu(step_flops_per_chip=2.4e15, step_s=5.0, peak_flops_per_s=989e12), 3)
    0.485
    """
    return step_flops_per_chip / (step_s * peak_flops_per_s)


@formula(gives="hfu", cites="korthikanti2022reducing")
def hfu(*, mfu, recompute_share):
    """Hardware FLOPs utilisation: recomputed arithmetic counts too.

    >>> round(hfu(mfu=0.4, recompute_share=1 / 3), 3)
    0.533
    """
    return mfu * (1 + recompute_share)


@formula(gives="steps", cites="kaplan2020scaling")
def training_steps(*, train_tokens, global_batch_tokens):
    """Steps of a run.

    >>> training_steps(train_tokens=2e12, global_batch_tokens=4e6)
    500000.0
    """
    return train_tokens / global_batch_tokens


@formula(gives="days", cites="narayanan2021efficient")
def run_days(*, steps, step_s, goodput, day_s):
    """Days of a run, with what failures and checkpoints take.

    >>> round(run_days(steps=500000, step_s=5.0, goodput=0.95, day_s=86400), 1)
    30.5
    """
    return steps * step_s / goodput / day_s


@formula(gives="days", cites="kaplan2020scaling")
def days_at_utilisation(*, training_flops, n_chips, peak_flops_per_s, mfu, day_s):
    """Days of a run from its arithmetic and an MFU.

    >>> round(days_at_utilisation(training_flops=6 * 100e9 * 2e12, n_chips=1024, peak_flops_per_s=989.4e12, mfu=0.4, day_s=86400))
    34
    """
    return training_flops / (n_chips * peak_flops_per_s * mfu) / day_s


@formula(gives="tokens_per_s", cites="touvron2023llama2")
def tokens_per_s_from_hours(*, train_tokens, chip_hours, n_chips, hour_s):
    """Tokens a second of a whole cluster, from the chip-hours that a run reports.

    Llama 2 70B: 1,720,320 GPU-hours on 2,000 chips and two trillion tokens.

    >>> round(tokens_per_s_from_hours(train_tokens=2e12, chip_hours=1720320, n_chips=2000, hour_s=3600))
    645875
    """
    return train_tokens * n_chips / (chip_hours * hour_s)


@formula(gives="tokens_per_s", cites="narayanan2021efficient")
def step_tokens_per_s(*, global_batch_tokens, step_s):
    """Tokens a second of the cluster.

    >>> step_tokens_per_s(global_batch_tokens=4e6, step_s=5.0)
    800000.0
    """
    return global_batch_tokens / step_s


@formula(gives="usd", cites="barroso2018datacenter")
def run_usd(*, n_chips, days, day_s, hour_s, usd_per_chip_hour):
    """Price of the chips for the days of a run.

    >>> run_usd(n_chips=1024, days=34, day_s=86400, hour_s=3600, usd_per_chip_hour=2.0)
    1671168.0
    """
    return n_chips * days * (day_s / hour_s) * usd_per_chip_hour


@formula(gives="run_s", cites="definition")
def run_seconds(*, days, day_s):
    """Length of the run in seconds.

    >>> run_seconds(days=2.0, day_s=86400)
    172800.0
    """
    return days * day_s


@formula(gives="peak_ratio", cites="micikevicius2022fp8")
def peak_ratio(*, lower_peak_flops_per_s, peak_flops_per_s):
    """How much faster the products run at the other precision, by the datasheet.

    >>> round(peak_ratio(lower_peak_flops_per_s=1978.9e12, peak_flops_per_s=989.4e12), 2)
    2.0
    """
    return lower_peak_flops_per_s / peak_flops_per_s


@formula(gives="optimizer_value_bytes", cites="rajbhandari2020zero")
def optimizer_value_bytes(*, master_value_bytes, moment_value_bytes):
    """Adam's state of one parameter: the master copy and two moments.

    >>> optimizer_value_bytes(master_value_bytes=4, moment_value_bytes=4)
    12.0
    """
    return master_value_bytes + 2 * moment_value_bytes


@formula(gives="optimizer_bytes_per_chip", cites="rajbhandari2020zero")
def optimizer_bytes_per_chip(*, params_per_chip, optimizer_value_bytes, optimizer_shards):
    """Optimizer state that one chip updates.

    >>> optimizer_bytes_per_chip(params_per_chip=3e9, optimizer_value_bytes=12, optimizer_shards=4) / 1e9
    9.0
    """
    return params_per_chip * optimizer_value_bytes / optimizer_shards


@formula(gives="n_chips", cites="definition")
def paid_chips(*, nodes, spare_nodes, chips_per_node):
    """Chips that are paid for, the spare nodes included.

    >>> paid_chips(nodes=128, spare_nodes=2, chips_per_node=8)
    1040.0
    """
    return (nodes + spare_nodes) * chips_per_node
