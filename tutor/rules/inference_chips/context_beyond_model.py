"""The scheduler admits contexts that the model was not made for.

What it notices
    The longest context is more than the model's own.

Why it matters
    Llama 2 was trained on 4,096 tokens. Beyond that its positions mean nothing to it, and answers fall apart; the
    memory reserved for such contexts is lost either way.

What to try
    The model's own context, prompts cut or retrieved to fit, or a model made for longer ones.

Known limits
    Methods that stretch positions exist; they change the model and need an evaluation of their own.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import SERVING, always, at_most, row

RULE = Rule(
    id="context-beyond-model", severity="blocks", tier=Tier.MODEL_LIMIT, briefs=SERVING, skills=("kv-size",),
    misconceptions=("context-beyond-model",), knobs=("context_tokens",), page="book/1-two-workloads/kv-cache", relevant=always,
    margin=lambda ctx: at_most(ctx.measure("design.context_tokens"), ctx.measure("model_context")),
    evidence=lambda ctx: (
        row(ctx, "asked", "longest context", "design.context_tokens", "tokens"),
        row(ctx, "has", "the model's context", "model_context", "tokens"),
        row(ctx, "token", "KV cache of one token", "estimate.kv_bytes_per_token", "B"),
    ),
    title="The scheduler admits {asked}; the model was made for {has}.",
    praise="Contexts of {asked} stay within the {has} that the model was made for.",
    ask="What has the model learned about the position after {has}?",
    hints=(
        "Compare the longest context of the scheduler with the model's card.",
        "Positions beyond those of training were never seen; quality falls at once.",
        "{asked} asked, {has} in the model.",
        "Set the longest context to {has} and decide what happens to longer prompts.",
    ),
    flagged=sample(brief="serve-70b", context_tokens=16384), passing=sample(brief="serve-70b"),
)
