"""Models of training and serving hardware in which every number can say where it comes from.

The package is small on purpose at import: modules load when they are asked for.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

MODEL_MODULES = (
    "transformer", "roofline", "gemm", "memory", "activations", "collectives", "parallelism", "step", "reliability", "decoding", "queueing", "fleet", "paging", "costs", "mix", "numerics",
    "topology", "systolic", "scratchpad", "capacity", "offload", "speculative",
)
"""The modules that hold formulas, in the order of the course."""

_LAZY = {
    "why": "explain", "show": "units", "Figure": "formula", "given": "formula",
    "BadInput": "errors", "estimate_serving": "serving", "simulate_serving": "serving",
    "estimate_training": "training", "estimate_tco": "economics",
    "estimate_systolic": "systolic", "estimate_torus": "topology", "plan_product": "scratchpad", "estimate_capacity": "capacity",
    "estimate_offload": "offload", "estimate_speculative": "speculative",
    "ServingDesign": "designs", "TrainingDesign": "designs", "TcoDesign": "designs",
}


def all_formulas() -> list[Any]:
    """Every formula of the library, module by module."""
    from hwlib.formula import formulas_in

    return [f for name in MODEL_MODULES for f in formulas_in(importlib.import_module(f"hwlib.{name}"))]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        value = getattr(importlib.import_module(f"hwlib.{_LAZY[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'hwlib' has no attribute {name!r}")
