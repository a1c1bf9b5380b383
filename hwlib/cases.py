"""Published measurements with their inputs, and what the models say of the same inputs."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from hwlib.decoding import batch_tokens_per_s
from hwlib.designs import TrainingDesign, TrainingLoad
from hwlib.fleet import full_tokens, live_tokens, running_batch
from hwlib.formula import Figure, defined, given
from hwlib.memory import kv_cache_bytes, kv_room_bytes, sequences_that_fit, weight_bytes
from hwlib.queueing import service_s
from hwlib.replica import ONE, Pass, group_of
from hwlib.serving import reserve_of
from hwlib.training import TrainingEstimate, estimate_training
from hwlib.transformer import Shape, kv_bytes_per_token, make_shape

FOLDER = Path(__file__).with_name("measured")
CHIPS = {
    "A100-SXM-80GB": "a100-80-sxm", "A100-SXM-80GB (330W cap)": "a100-80-sxm", "A100-SXM-40GB": "a100-40-sxm", "A100-SXM-80GB (Jean Zay)": "a100-80-sxm",
    "A100-SXM-40GB (DGX-A100)": "a100-40-sxm", "A100 PCIe 80GB": "a100-80-pcie", "H100-SXM-80GB": "h100-sxm", "DGX-H100": "h100-sxm", "H200-SXM-141GB": "h200-sxm",
    "L40S": "l40s", "B200-180GB": "b200-sxm", "TPU v5e": "tpu-v5e", "Inferentia2": "inferentia2", "Trainium1": "trainium1",
}
LARGE = 6.0
"""Billions of parameters from which a step is long enough that kernels, not launches, decide: smaller runs are not modelled yet."""
MAX_BATCH = given(2048, "largest batch of the serving engines of these rows", "assumption")


@dataclass(frozen=True, slots=True)
class Case:
    """One measurement: the row, the chip of our catalogue, the metric and its measured value."""

    row: dict[str, str]
    chip: str
    metric: str
    observed: float

    @property
    def id(self) -> str:
        return self.row["case_id"]

    @property
    def group(self) -> str:
        return self.row["group"]

    @property
    def source(self) -> str:
        return self.row["source_title"]


def _value(row: dict[str, str], *names: str) -> float | None:
    return next((float(row[n]) for n in names if row.get(n)), None)


@cache
def rows(file: str) -> tuple[dict[str, str], ...]:
    """The rows of one file of `hwlib/measured` that may be scored."""
    with (FOLDER / f"{file}.csv").open(encoding="utf8") as handle:
        return tuple(r for r in csv.DictReader(handle) if not r.get("exclude_from_scoring"))


def _dense(row: dict[str, str]) -> bool:
    return row["n_experts"] in ("", "0") and row["chip"] in CHIPS


def saturated_cases() -> Iterator[Case]:
    """Output tokens a second of a replica that always has work: dense models on chips of the catalogue."""
    for row in rows("5_saturated_throughput"):
        if _dense(row) and row["tp"] and row["weight_bits"] in ("16", "8") and row["input_len"].isdigit():
            yield Case(row, CHIPS[row["chip"]], "out_tokens_per_s", float(row["out_tokens_per_s"]))


def decode_cases() -> Iterator[Case]:
    """Tokens a second of one sequence alone, and milliseconds a token on AWS's chips."""
    for row in rows("3_decode_batch1"):
        if _dense(row) and row["group"] == "gpt-fast" and row["weight_bits"] in ("16", "8", "4"):
            yield Case(row, CHIPS[row["chip"]], "tokens_per_s", float(row["tokens_per_s"]))
    for row in rows("4_static_batch_and_prefill"):
        if row["family"] == "neuron_decode" and _dense(row):
            yield Case(row, CHIPS[row["chip"]], "tpot_ms", float(row["tpot_ms"]))


def training_cases() -> Iterator[Case]:
    """Tokens a second and chip of dense training runs whose layout is known."""
    for row in rows("1_training_throughput"):
        if not _dense(row) or not row["d_ff"] or row["recompute"] not in ("none", "selective", "full", "selective/none", "selective+seq-parallel"):
            continue
        if not row["precision"].startswith(("amp_bf16", "fp16", "bf16")) or not (row["tp"].isdigit() and row["pp"].isdigit() and row["dp"].isdigit() and row["global_batch"]):
            continue
        if float(row["dp"]) * float(row["tp"]) * float(row["pp"]) != float(row["n_chips"]):
            continue
        if float(row["params_b"] or 0) < LARGE:
            continue
        batch_tokens = float(row["global_batch"]) * float(row["seq_len"])
        rate = _value(row, "tokens_per_s_per_chip")
        if rate is None and (step := _value(row, "s_per_step")):
            rate = batch_tokens / step / float(row["n_chips"])
        if rate:
            yield Case(row, CHIPS[row["chip"]], "tokens_per_s_per_chip", rate)


def shape_of_row(row: dict[str, str]) -> Shape:
    """The model's dimensions as the row gives them."""

    def d(name: str) -> Figure:
        return defined(float(row[name]), f"row {row['case_id']}")

    heads = row["n_heads"] or str(round(float(row["d_model"]) / 128))
    row = {**row, "n_heads": heads, "n_kv_heads": row["n_kv_heads"] or heads}
    width = defined(float(row["d_model"]) / float(row["n_heads"]), "width over heads")
    return make_shape(
        name=row["model"], layers=d("n_layers"), hidden=d("d_model"), ffn=d("d_ff"), gated=row["gated_mlp"] == "1", heads=defined(float(heads)),
        kv_heads=defined(float(row["n_kv_heads"])), head_dim=width, vocab=d("vocab"), tied=False,
    )


def pass_of_row(case: Case, **constants: float) -> tuple[Pass, Figure]:
    """The row's replica with the calibrated constants, or with others on trial; and the bytes of a token's cache."""
    from hwlib.calibration import calibrated
    from hwlib.decoding import step_overhead_s

    row, shape = case.row, shape_of_row(case.row)
    cores = 2 if "NeuronCore" in row.get("tp_unit", "") else 1
    bits = {16.0: 16, 8.0: 8, 4.0: 4, 4.5: 4}[float(row["weight_bits"])]
    chips = max(1, round(float(row["tp"]) / cores))
    act = int(float(row.get("act_bits") or 16))
    group = group_of(case.chip, chips, 8 if bits == 8 and act == 8 else 16)
    trial = {k: defined(v, "on trial") for k, v in constants.items() if k in ("memory_efficiency", "compute_efficiency")}
    if chips > 8:  # a row that splits its matrices over more than eight chips says so itself
        trial |= {"tensor_ranks": defined(float(chips), f"row {case.id}"), "stages": ONE}
    group = replace(group, **trial)
    floor = constants.get("kernel_floor_s", calibrated("kernel_floor_s", case.chip))
    fixed = step_overhead_s(layers=shape.layers, kernel_floor_s=floor, scheduler_s=constants.get("scheduler_s", calibrated("scheduler_s", case.chip)))
    weights = weight_bytes(params=shape.params, bytes_per_param=defined(float(row["weight_bits"]) / 8, "row's weight bits"))
    per_token = kv_bytes_per_token(layers=shape.layers, kv_heads=shape.kv_heads, head_dim=shape.head_dim, bytes_per_value=defined(float(row["kv_bits"]) / 8, "row's cache bits"))
    return Pass.of(shape, group, weights, fixed), per_token


def predict_saturated(case: Case, **constants: float) -> Figure:
    """Output tokens a second when the batch is as large as the cache lets it be."""
    one, per_token = pass_of_row(case, **constants)
    g = one.group
    prompt, output = defined(float(case.row["input_len"]), "row"), defined(float(case.row["output_len"]), "row")
    room = kv_room_bytes(n_chips=g.n_chips, mem_bytes=g.mem_bytes, reserve_bytes=reserve_of(g), weight_bytes=one.weights)
    fit = sequences_that_fit(kv_room_bytes=room, kv_bytes_per_token=per_token, held_tokens=full_tokens(prompt_tokens=prompt, output_tokens=output))
    batch = running_batch(batch_limit=MAX_BATCH, sequences_that_fit=fit)
    live = live_tokens(prompt_tokens=prompt, output_tokens=output)
    step = one.step(batch, kv_cache_bytes(kv_bytes_per_token=per_token, context_tokens=live, sequences=ONE), live)["step"]
    # prefills of a saturated server ride in full batches: their fixed cost and the weights' pass are shared away
    whole, compute, comm = one.prefill(prompt)
    arithmetic = defined(float(compute + comm), "arithmetic and links of the prompt")
    service = service_s(prefill_s=arithmetic, output_tokens=output, step_s=step, sequences=batch, busy_share=ONE)
    return batch_tokens_per_s(sequences=output, step_s=service)


def predict_decode(case: Case, **constants: float) -> float:
    """Tokens a second, or milliseconds a token, of a batch of fixed size."""
    one, per_token = pass_of_row(case, **constants)
    batch = defined(float(case.row["batch"]), "row")
    context = defined(float(case.row["input_len"]) + float(case.row["output_len"]) / 2, "row: prompt and half the answer")
    step = one.step(batch, kv_cache_bytes(kv_bytes_per_token=per_token, context_tokens=context, sequences=ONE), context)["step"]
    return step * 1e3 if case.metric == "tpot_ms" else batch_tokens_per_s(sequences=batch, step_s=step)


def sharded(case: Case) -> bool:
    """Whether the row's run shards the weights too, so that each layer gathers them before it computes."""
    return case.row["fsdp"] in ("FULL_SHARD", "SHARD_GRAD_OP", "FSDP")


@cache
def training_estimate(case_id: str) -> tuple[TrainingDesign, TrainingEstimate]:
    """The layout of a training row as a design, and its estimate with the constants of the file."""
    case = next(c for c in training_cases() if c.id == case_id)
    row = case.row
    recompute = row["recompute"].split("/")[0].split("+")[0]
    n, per_node = int(float(row["n_chips"])), int(float(row["chips_per_node"] or 8))
    per_node = min(per_node, n)
    design = TrainingDesign(
        accelerator=case.chip, nodes=n // per_node, chips_per_node=per_node, tensor_parallel=int(row["tp"]), pipeline_parallel=int(row["pp"]), data_parallel=int(row["dp"]),
        interleave=int(row["interleave"] or 1), zero_stage=3 if sharded(case) else 1, micro_batch=max(1, int(float(row["micro_batch"] or row["local_batch"] or 1))),
        global_batch_tokens=int(float(row["global_batch"]) * float(row["seq_len"])), seq_len=int(row["seq_len"]), recompute=recompute,
        scale_out_link="ib-ndr" if "H100" in row["chip"] else "ib-hdr",
    )
    heads = float(row["n_heads"] or round(float(row["d_model"]) / 128))
    matrices = 3 if row["gated_mlp"] == "1" else 2
    load = TrainingLoad(  # the estimate's blocks are gated: a plain block of the same parameters is two thirds as wide
        layers=float(row["n_layers"]), hidden=float(row["d_model"]), ffn=float(round(float(row["d_ff"]) * matrices / 3)), heads=heads,
        kv_heads=float(row["n_kv_heads"] or heads), vocab=float(row["vocab"]), usd_per_chip_hour=1.0,
    )
    return design, estimate_training(design, load, uneven=True)


def predict_training(case: Case, *, compute_efficiency: float | None = None, sharded_overlap_share: float | None = None) -> float:
    """Tokens a second and chip, with the constants of the file or with others on trial."""
    from hwlib.calibration import calibrated
    from hwlib.parallelism import data_comm_exposed_s
    from hwlib.step import training_step_s

    design, e = training_estimate(case.id)
    slower = 1.0 if compute_efficiency is None else calibrated("training_compute_efficiency", case.chip) / compute_efficiency
    exposed = e.data_comm_exposed_s
    if (compute_efficiency, sharded_overlap_share) != (None, None):
        kept = calibrated("overlap_share") if not sharded(case) else sharded_overlap_share if sharded_overlap_share is not None else calibrated("sharded_overlap_share")
        exposed = data_comm_exposed_s(data_comm_s=e.data_comm_s, compute_s=e.compute_s * slower, overlap_share=kept)
    step = training_step_s(
        compute_s=e.compute_s * slower, recompute_s=e.recompute_s * slower, tensor_comm_s=e.tensor_comm_s, bubble=e.bubble, pipeline_comm_s=e.pipeline_comm_s,
        data_comm_exposed_s=exposed, optimizer_s=e.optimizer_s,
    )  # fmt: skip
    return design.global_batch_tokens / step / design.n_chips


FAMILIES: dict[str, tuple[Callable[[], Iterator[Case]], Callable[[Case], float]]] = {
    "saturated throughput": (saturated_cases, predict_saturated),
    "decode": (decode_cases, predict_decode),
    "training": (training_cases, predict_training),
}


def error(predicted: float, observed: float) -> float:
    """Absolute relative error.

    >>> round(error(110.0, 100.0), 3)
    0.1
    """
    return abs(predicted / observed - 1)
