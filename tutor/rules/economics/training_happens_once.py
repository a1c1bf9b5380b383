"""One training run, and never another.

What it notices
    At most one run in three years, or no experiments beside the runs.

Why it matters
    Models are trained again as data and demands move, and each run stands on experiments that nobody ships. Reported
    costs of one final run leave both out.

What to try
    A plan of runs with a reason, and experiments as a share of each.

Known limits
    It cannot know your plan; a firm that buys its models trains nothing.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import always, row, unless

RULE = Rule(
    id="training-happens-once", severity="risks", tier=Tier.ROBUSTNESS, briefs=("tco-3y",), skills=("tco-chain",), misconceptions=("training-happens-once",),
    knobs=("training_runs", "experiments_share"), page="book/4-economics/index", relevant=always,
    margin=lambda ctx: unless(ctx.design.training_runs <= 1 or ctx.design.experiments_share <= 0),
    evidence=lambda ctx: (
        row(ctx, "runs", "runs in three years", "design.training_runs"), row(ctx, "share", "experiments, share of a run", "design.experiments_share", "%"),
        row(ctx, "run", "one run", "estimate.run_usd", "usd"), row(ctx, "training", "training in three years", "estimate.training_usd", "usd"),
    ),
    title="{runs} run in three years with {share} of experiments.",
    praise="Training recurs: {runs} runs, each with {share} of experiments.",
    ask="In which month of the three years does the model that you train now stop being good enough?",
    hints=(
        "Look at the training plan.",
        "Training recurs: new data, new models, and experiments before each.",
        "{runs} × {run} × (1 + {share}) is all of your training.",
        "Enter the runs that you expect and the experiments each of them needs.",
    ),
    flagged=sample(training_runs=1, experiments_share=0.0), passing=sample(),
)
