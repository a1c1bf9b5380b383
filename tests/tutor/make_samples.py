"""Write the sample designs of `lessons/designs` again: `python tests/tutor/make_samples.py`.

Run it after the briefs, a best design or the calibration changed: the good designs' predictions are computed,
so that they stay good. Everything else about a sample stands in the table below.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tutor.briefs import brief, brief_ids
from tutor.context import Context
from tutor.designfile import entry, write_design

FOLDER = Path(__file__).parents[2] / "lessons" / "designs"
COMPUTED = "computed"
"""A prediction that is taken from the estimate, with two digits."""

# brief, name, title, changes to the reference design, predictions, text (None: the reference's)
SAMPLES: tuple[tuple[str, str, str, dict[str, Any], dict[str, Any], str | None], ...] = (
    ("serve-7b", "good", "One A100 a replica, shared heads, 8 bits", {}, {"*": COMPUTED}, None),
    ("serve-7b", "flawed-training-habits", "The training cluster, used for serving",
     {"chips_per_replica": 1, "kv_bits": 16, "scheduler": "static", "kv_allocation": "contiguous", "batch_limit": 64,
      "chunked_prefill": False, "replicas": 24, "spare_replicas": 0, "scale_out_link": "ib-hdr", "quality_gate": False},
     {"bottleneck": "compute"}, "More FLOPS make tokens come faster, and the nodes need InfiniBand."),
    ("serve-7b", "flawed-kv-forgotten", "A batch of 1,024, every head its own cache", {"attention": "as-published", "kv_bits": 16, "batch_limit": 1024, "replicas": 40},
     {"bottleneck": "memory", "users_per_chip": 5000}, "The weights are 14 GB, so the batch can be as large as we want."),
    ("serve-7b", "flawed-batch-of-one", "Two users a chip", {"batch_limit": 2, "replicas": 200}, {}, "Each user needs a GPU of its own."),
    ("serve-7b", "edge-all-heads", "The published heads, on more chips", {"attention": "as-published", "replicas": 40}, {}, None),
    ("serve-70b", "good", "TPU v5e, 8 chips a replica, INT8", {}, {"*": COMPUTED}, None),
    ("serve-70b", "flawed-few-lpus", "Eight Groq chips", {"accelerator": "groq-lpu-v1", "batch_limit": 8}, {},
     "A few Groq chips hold the model, and their tokens come so fast that the first token is no problem."),
    ("serve-70b", "flawed-l40s-floor", "L40S, FP8, 8 replicas",
     {"accelerator": "l40s", "chips_per_replica": 4, "batch_limit": 64, "replicas": 8, "chunked_prefill": False, "migration_weeks": 0.0}, {}, "We run L40S in FP8."),
    ("serve-70b", "flawed-unpriced", "TPU v5e, nothing checked, nothing ported", {"migration_weeks": 0.0, "quality_gate": False}, {},
     "Porting to XLA takes no time and INT8 is lossless."),
    ("serve-70b", "flawed-context", "Prompts of 16k tokens admitted", {"context_tokens": 16384}, {}, "Longer prompts are fine, they only cost memory."),
    ("serve-70b", "flawed-saturated", "Three replicas, nothing spare", {"replicas": 3, "spare_replicas": 0}, {"peak_requests_per_s": 50000}, "Chips should run at 100 % utilisation."),
    ("serve-70b", "flawed-no-spare", "Just enough for the peak", {"replicas": 4, "spare_replicas": 0}, {}, "We size for the peak; replicas never fail."),
    ("serve-70b", "edge-lpus", "Groq, hundreds of chips, no list price",
     {"accelerator": "groq-lpu-v1", "chips_per_replica": 384, "batch_limit": 16, "replicas": 4, "kv_bits": 8}, {}, None),
    ("train-100b", "good", "1,024 H100, TP 4, PP 4, ZeRO 1", {}, {"*": COMPUTED}, None),
    ("train-100b", "flawed-nothing-sharded", "Nothing sharded, nothing recomputed", {"zero_stage": 0, "recompute": "none"}, {"bytes_per_chip": "estimate.weight_bytes", "bottleneck": "compute"},
     "Training memory is just the weights. More data parallelism cuts the memory a chip needs."),
    ("train-100b", "flawed-tp-across-nodes", "Tensor parallelism over two nodes", {"tensor_parallel": 16, "data_parallel": 16}, {}, "Tensor parallelism across nodes makes the training faster."),
    ("train-100b", "flawed-fp8-everywhere", "Everything in FP8", {"matmul_precision": "fp8", "state_precision": "fp8", "loss_scaling": False}, {},
     "Everything can be in FP8, so the run takes half the time."),
    ("train-100b", "flawed-no-failures", "Saved four times a day, no spare node", {"checkpoint_interval_s": 21600.0, "spare_nodes": 0}, {},
     "A good cluster does not fail, so checkpoints hardly matter."),
    ("train-100b", "edge-deep-pipeline", "Sixteen stages, a small batch", {"pipeline_parallel": 16, "data_parallel": 16, "interleave": 1, "global_batch_tokens": 1_048_576}, {}, None),
    ("tco-3y", "good", "Three runs, two levers, reserved", {}, {"*": COMPUTED}, None),
    ("tco-3y", "flawed-thousandfold", "A thousand times too much", {"tokens_per_day": 1e9}, {"annual_bill_usd": 7.3e8, "bottleneck": "serving"},
     "A billion tokens a day at $0.002 are $730 million a year, so inference always dwarfs training."),
    ("tco-3y", "flawed-levers-added", "Savings added up", {}, {"annual_bill_usd": "estimated_annual_bill", "saving_all_usd": "sum_of_singles"},
     "The savings of the levers add up. If volume falls we change the plan; unless prices rise we stay."),
    ("tco-3y", "flawed-one-number", "One number, list price, no growth",
     {"range_share": 0.0, "financing": "on-demand", "growth_per_year": 0.0, "discount_rate": 0.0, "price_decline_per_year": 0.0}, {}, "The board wants one number. Demand stays flat."),
    ("tco-3y", "edge-small-volume", "A hundred million tokens a day", {"tokens_per_day": 1e8}, {"*": COMPUTED}, None),
)


def rounded(value: float) -> float:
    return float(f"{value:.2g}")


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.toml"):
        old.unlink()
    for id in brief_ids():
        write_design(FOLDER / f"{id}-starter.toml", entry(id, brief(id).starter, title="Starter"))
    for id, name, title, changes, wanted, text in SAMPLES:
        of = brief(id)
        values = {**of.reference_values, **changes}
        ctx = Context(entry(id, values))
        said: dict[str, Any] = {}
        if wanted.get("*") == COMPUTED:
            for asked in of.predictions:
                if not asked.optional and ctx.known(asked.measure):
                    value = ctx.measure(asked.measure)
                    said[asked.name] = value if asked.options else rounded(value)
        for key, value in wanted.items():
            if key != "*":
                measured = isinstance(value, str) and ("." in value or key != "bottleneck")
                said[key] = rounded(ctx.measure(value)) if measured else value
        made = entry(id, values, title=title, predictions=said, rationale=of.reference_rationale if text is None else text)
        write_design(FOLDER / f"{id}-{name}.toml", made)


if __name__ == "__main__":
    main()
