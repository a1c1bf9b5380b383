"""Arithmetic of a token as a measurement counts it: with or without recomputation, attention full, causal or left out."""

from __future__ import annotations

import re

from hwlib.predict.families.training_row import Run
from hwlib.predict.row import Row
from hwlib.step import counted_flops_per_token

_counted = counted_flops_per_token.formula.run


def counted(row: Row, run: Run) -> float:
    """FLOP a token by the convention that ``tflops_counts`` names."""
    text = row.text("tflops_counts").lower()
    m = run.model
    passes = head_passes = 3.0
    attended = m_attended = run.seq
    if "recompute" in text and "hardware" in text or "hfu" in text:
        passes = 4.0 if run.recompute == "full" else 3.0  # the forward pass again, without the output projection
    elif re.search(r"causal", text) and not re.search(r"not causal|attention full", text) or "megatron formula" in text:
        attended = m_attended / 2
    elif "lora" in text or "4n per token" in text:
        passes, head_passes, attended = 2.0, 2.0, 0.0
    elif text == "model flops" and "ft" in run.group.split("-"):
        attended = 0.0  # these tables count the products with weights alone
    return _counted(
        layer_matmul_params=m.layers * m.active_layer_params, head_params=m.vocab * m.hidden, layers=m.layers, heads=m.heads, head_dim=m.head_dim,
        attended_tokens=attended, passes=passes, head_passes=head_passes,
    )  # fmt: skip
