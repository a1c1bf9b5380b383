"""Questions of workbook 2: what a training run holds, how long it takes, what it waits for and how often it breaks."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from hwlib import catalogue
from hwlib.catalogue import chip, claim
from hwlib.collectives import ring_all_reduce_s
from hwlib.designs import TrainingDesign
from hwlib.formula import Figure, defined, given
from hwlib.memory import params_per_chip, state_bytes, state_bytes_per_param, state_bytes_total
from hwlib.parallelism import gradient_message_bytes, pipeline_bubble
from hwlib.reliability import cluster_mtbf_s, failures
from hwlib.step import days_at_utilisation, run_seconds, training_flops
from lessons.exercises import Question, Slip
from lessons.questions.verdicts import VERDICTS

CHIP = "h100-sxm"
PARAMS = given(100e9, "the brief's model, rounded", "brief")
TOKENS = given(2e12, "the brief", "brief")
CHIPS = given(1024.0, "the workbook's choice", "brief")
MFU = given(0.4, "large runs report 35 to 45%", "brief")
TENSOR, PIPELINE, DATA = (given(float(n), "the workbook's layout", "brief") for n in (4, 4, 64))
MICRO_BATCHES = given(32.0, "the workbook's batch", "brief")
INTERLEAVE = given(2.0, "the workbook's choice", "brief")
MTBF_CHIP_HOURS = given(50_000.0, "the brief", "brief")
FP16, FP32 = defined(2.0, "16 bits"), defined(4.0, "32 bits")
ONE = defined(1.0)
LINK = "ib-ndr"


def per_param() -> Figure:
    """Bytes of state a parameter: weight and gradient in 16 bits, master copy and two moments in 32."""
    return state_bytes_per_param(weight_value_bytes=FP16, gradient_value_bytes=FP16, master_value_bytes=FP32, moment_value_bytes=FP32)


def state() -> Figure:
    """Bytes of the whole model's state."""
    return state_bytes_total(params=PARAMS, state_bytes_per_param=per_param())


def optimizer_value_bytes() -> Figure:
    """What the optimizer keeps of a parameter: master copy and two moments."""
    return defined(3 * float(FP32), "master copy and two moments")


def own_params() -> Figure:
    """Parameters that the layout leaves to one chip."""
    return params_per_chip(params=PARAMS, tensor_parallel=TENSOR, pipeline_parallel=PIPELINE)


def state_of_a_chip(optimizer_bytes: float, shards: float) -> Figure:
    """Bytes of state on one chip when the optimizer's part is split over so many."""
    return state_bytes(
        params_per_chip=own_params(), weight_value_bytes=FP16, weight_shards=ONE, gradient_value_bytes=FP16, gradient_shards=ONE,
        optimizer_value_bytes=optimizer_bytes, optimizer_shards=shards,
    )


def days(mfu: Figure = MFU) -> Figure:
    """Days of the run on the workbook's chips."""
    flops = training_flops(params=PARAMS, train_tokens=TOKENS)
    return days_at_utilisation(training_flops=flops, n_chips=CHIPS, peak_flops_per_s=chip(CHIP).peak("bf16"), mfu=mfu, day_s=catalogue.constant("day_s"))


def bubble(interleave: Figure = INTERLEAVE) -> Figure:
    """Idle share of the workbook's pipeline."""
    return pipeline_bubble(pipeline_parallel=PIPELINE, micro_batches=MICRO_BATCHES, interleave=interleave)


def message() -> Figure:
    """Bytes of gradients that a chip reduces with its data-parallel peers."""
    return gradient_message_bytes(params_per_chip=own_params(), gradient_value_bytes=FP16, traffic_factor=ONE)


def all_reduce(ranks: Figure = DATA) -> Figure:
    """Seconds of the gradients' ring at the link's full rate."""
    nothing = defined(0.0, "left out here: small against the bytes")
    return ring_all_reduce_s(
        message_bytes=message(), ranks=ranks, link_bytes_per_s=catalogue.link(LINK).bytes_per_s, link_efficiency=ONE, launch_s=nothing, hop_s=nothing,
    )


def broken() -> Figure:
    """Failures to expect in the run."""
    hour, day = catalogue.constant("hour_s"), catalogue.constant("day_s")
    mtbf = cluster_mtbf_s(mtbf_chip_hours=MTBF_CHIP_HOURS, n_chips=CHIPS, hour_s=hour)
    return failures(run_s=run_seconds(days=days(), day_s=day), mtbf_s=mtbf)


OTHERWISE = {
    "tensor_parallel": {"tensor_parallel": 8, "data_parallel": 32}, "interleave": {"interleave": 4},
    "zero_stage": {"zero_stage": 2}, "checkpoint_interval_s": {"checkpoint_interval_s": 900.0},
}
"""What each field of the flawed design could be instead; the chips stay the same."""


def flawed() -> TrainingDesign:
    """The design that the workbook criticises: the brief's reference, its matrices split over two nodes."""
    from tutor import briefs

    return replace(briefs.brief("train-100b").reference, tensor_parallel=16, data_parallel=16)


@cache
def costly() -> str:
    """The field whose change shortens the run most."""
    from hwlib.training import estimate_training
    from tutor import briefs

    load, design = briefs.brief("train-100b").load, flawed()
    return min(OTHERWISE, key=lambda name: estimate_training(replace(design, **OTHERWISE[name]), load).days)


CLAIM = "S2-24"
GPU_HOURS = given(1_720_320.0, "Llama 2's report, table 2: the 70B model", "brief")
GPUS = given(2000.0, "an assumption: the report does not say how many ran at once", "brief")


def tokens_a_second(gpus: float = float(GPUS)) -> float:
    """Tokens that the run read in a second, from its tokens and its GPU-hours."""
    return float(TOKENS) / (float(GPU_HOURS) * float(catalogue.constant("hour_s"))) * gpus


QUESTIONS = (
    Question(
        id="w2.optimizer-bytes", ask="how many bytes does the optimizer keep of each parameter, master copy included?", unit="B", answer=optimizer_value_bytes,
        slips=(
            Slip(answer=lambda: 2 * float(FP32), words="That is the two moments. The update goes to a copy of the weights in 32 bits, and that is kept as well."),
            Slip(answer=per_param, words="That is the whole state. Weights and gradients in 16 bits are counted apart here."),
            Slip(answer=lambda: FP16, concept="weights-only-memory", words="That is the weight itself. What does Adam remember beside it?"),
        ),
        hints=("Three numbers a parameter, each in 32 bits.", "A master copy, the mean of the gradients, the mean of their squares.", "=It is {value}."),
        after="{value}: three quarters of all the state. This is the part that ZeRO 1 splits.",
    ),
    Question(
        id="w2.shards", ask="over how many chips does ZeRO 1 split the optimizer's part in this layout?", answer=lambda: DATA,
        slips=(
            Slip(answer=lambda: CHIPS, words="Not over all chips: those of another tensor or pipeline rank hold other parameters."),
            Slip(answer=lambda: 1.0, concept="data-parallel-saves-memory", words="That splits nothing. Plain data parallelism keeps a whole copy on every replica; ZeRO splits just that."),
            Slip(answer=lambda: float(TENSOR * PIPELINE), words="That is how the model is split already. ZeRO splits over the ranks that hold the same parameters."),
        ),
        hints=("Which chips hold the same parameters and would keep the same state twice?", "The data-parallel ranks.", "=It is {value}."),
        after="{value} data-parallel ranks each keep their share, and gather what they need.",
    ),
    Question(
        id="w2.days", ask="how many days does the run take on these chips at this MFU?", unit="days", answer=days,
        slips=(
            Slip(answer=lambda: days(ONE), concept="peak-is-achieved", words="That is at the peak. Real runs keep well under half of it busy."),
            Slip(answer=lambda: days() / 3, words="That counts the forward pass alone. Backward costs twice as much: six FLOP a parameter and token in all."),
            Slip(answer=lambda: days() / 2, words="Six FLOP a parameter and token: two forward, four backward. One of the parts is missing; or the peak with sparsity was used, which training has no use for."),
        ),
        hints=("Arithmetic of the run over what the cluster computes in a day.", "step.training_flops(…), then step.days_at_utilisation(…); the peak is dense, in BF16.",
               "=It is {value}."),
        after="{value}, before failures and saves.",
    ),
    Question(
        id="w2.bubble", ask="which share of the step does a stage of this pipeline stand idle?", unit="%", answer=bubble,
        slips=(
            Slip(answer=lambda: bubble(ONE), words="That is without interleaving. With chunks, filling and draining takes a fraction as long."),
            Slip(answer=lambda: 0.0, concept="pipelines-are-free", words="The first micro-batch reaches the last stage only after the others have worked on it. Until then that stage waits."),
            Slip(answer=lambda: float(PIPELINE) / float(INTERLEAVE * MICRO_BATCHES), words="Close. Filling takes one step less than there are stages, and it stands in the denominator as well."),
        ),
        hints=("Waiting over working and waiting together.", "parallelism.pipeline_bubble(…).", "Write it as a share: 0.1 is 10%.", "=It is {value}."),
        after="{value}. More micro-batches or more chunks make it smaller, more stages larger.",
    ),
    Question(
        id="w2.all-reduce", ask="how long does the ring take to sum the gradients, at the full rate of the link?", unit="s", answer=all_reduce,
        slips=(
            Slip(answer=lambda: all_reduce() / 8, concept="gigabits-are-gigabytes", words="The link's name counts bits. The catalogue's rate is in bytes a second."),
            Slip(answer=lambda: float(all_reduce()) / float(DATA), concept="allreduce-shrinks-with-ranks", words="More ranks do not make it shorter: each still sends nearly twice the whole message."),
            Slip(answer=lambda: float(message() / catalogue.link(LINK).bytes_per_s), words="That sends the message once. A ring sends it nearly twice: once to sum, once to hand the sums round."),
        ),
        hints=("Bytes first: the gradients of one chip's parameters, in 16 bits.", "collectives.ring_all_reduce_s(…), with no launch, no hops and an efficiency of one.", "=It is {value}."),
        after="{value} for each step, if nothing hides it. Most of it can run behind the backward pass.",
    ),
    Question(
        id="w2.failures", ask="how many failures does the run see?", answer=broken,
        slips=(
            Slip(answer=lambda: 0.0, concept="no-failures", words="One chip fails rarely. A thousand of them for a month do not stay whole."),
            Slip(answer=lambda: broken() / float(CHIPS), words="That is one chip's share. The cluster stops when any of its chips does."),
            Slip(answer=lambda: broken() / 24, words="Days and hours are mixed: the brief counts chip-hours."),
        ),
        hints=("Chip-hours of the run over chip-hours between failures.", "reliability.cluster_mtbf_s(…), then the seconds of the run over it.", "=It is {value}."),
        after="{value}. Each loses what was computed since the last save, and the time to start again.",
        close=0.06,
    ),
    Question(
        id="w2.costly", ask="which field of this design, put right, shortens the run most?", options=tuple(OTHERWISE), answer=costly,
        slips=(
            Slip(answer=lambda: "zero_stage", words="Sharding more saves memory. It moves as many bytes as before, and the run is no shorter."),
            Slip(answer=lambda: "checkpoint_interval_s", words="Saves and lost work are a small part of the time here. Look at what happens in every layer of every micro-batch."),
            Slip(answer=lambda: "interleave", words="The bubble shrinks a little. Something else is paid four times a layer and micro-batch."),
        ),
        hints=("Which traffic is never hidden, and which link does it cross?", "A node has eight chips on NVLink. How many does one matrix span here?", "=It is {value}."),
        after="{value}: its all-reduces cross the slow links in every layer. Inside a node they are cheap.",
    ),
    Question(
        id="w2.claim-number", ask="how many tokens a second did the run read, on that many GPUs?", answer=tokens_a_second,
        slips=(
            Slip(answer=lambda: tokens_a_second(1.0), words="That is one GPU. The claim is about all of them."),
            Slip(answer=lambda: tokens_a_second() * 3600, words="That is an hour's."),
        ),
        hints=("Tokens over seconds; seconds are GPU-hours over GPUs, times 3,600.", "Tokens a second for one GPU first, then times the GPUs.", "=It is {value}."),
        after="{value} tokens a second, for the assumed number of GPUs.",
    ),
    Question(
        id="w2.claim", ask="what does the claim deserve?", options=tuple(VERDICTS.values()), answer=lambda: VERDICTS[claim(CLAIM).verdict],
        slips=(
            Slip(answer=lambda: "holds", words="At the claimed rate, how many days would the tokens last? Compare with what the GPU-hours say."),
            Slip(answer=lambda: "caveat", words="A caveat would keep the figure. Yours and the claim's differ by several times."),
            Slip(answer=lambda: "no-source", words="Tokens and GPU-hours are published. They suffice to compute it."),
        ),
        hints=("Divide the claimed figure by yours.", "=The ledger says {value}."),
        after="{value}: two published figures contradict it.",
    ),
)
