"""Three years for the board: training against serving, and what each lever is worth.

Levers overlap: eight-bit weights help less on a chip that already reads fast. So every combination of the
three is estimated, and each lever gets its Shapley share, the average over all orders of adding it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import product

from hwlib import catalogue
from hwlib.calibration import calibrated
from hwlib.costs import (
    annual_token_bill,
    break_even_months,
    chips_for_tokens,
    chips_usd_in_year,
    discounted_price,
    inference_share,
    owned_usd_per_chip_hour,
    porting_usd,
    present_value,
    saving_usd,
    shapley_of_three,
    three_years,
    tokens_in_year,
    training_run_usd,
    training_usd_per_year,
    usd_at_utilisation,
    usd_per_mtoken,
    year_total,
)
from hwlib.decoding import batch_tokens_per_s, per_chip_tokens_per_s
from hwlib.designs import ServingDesign, TcoDesign, TcoLoad, check_values
from hwlib.errors import NotSupported
from hwlib.fleet import full_tokens, live_tokens, running_batch, stage_batch_limit, working_sequences
from hwlib.formula import Figure, defined, given
from hwlib.memory import kv_cache_bytes, kv_room_bytes, sequences_that_fit
from hwlib.queueing import lognormal_mean, service_s, static_batch_share
from hwlib.replica import BYTES, ONE, ZERO, make_pass
from hwlib.serving import reserve_of
from hwlib.step import training_flops
from hwlib.transformer import shape_of

YEARS = (1, 2, 3)
LEVERS = ("quantise", "continuous_batching", "inference_chip")
ANSWER = defined(300.0, "tokens of a typical answer")
SPREAD = given(0.6, "spread of the answers' lengths", "assumption")
LIMIT = given(64, "sequences together in a stage, at an acceptable speed for a reader", "assumption")
MILLION = defined(1e6, "tokens in a million")
__all__ = ["TcoDesign", "TcoEstimate", "TcoLoad", "TcoYear", "annual_token_bill", "estimate_tco", "usd_per_mtoken"]


@dataclass(frozen=True, slots=True)
class TcoYear:
    """One year of the plan, in dollars of that year and in today's."""

    year: int
    tokens: Figure
    chips: Figure
    serving_usd: Figure
    training_usd: Figure
    people_usd: Figure
    total_usd: Figure
    discounted_usd: Figure


@dataclass(frozen=True, slots=True)
class TcoEstimate:
    """The plan's figures; the savings are those of the three levers against none, over three years, discounted."""

    years: tuple[TcoYear, ...]
    run_usd: Figure
    training_usd: Figure
    serving_usd: Figure
    people_usd: Figure
    undiscounted_usd: Figure
    total_usd: Figure
    inference_share_y1: Figure
    inference_share_y3: Figure
    break_even_months: Figure
    chips_per_replica: Figure
    replica_tokens_per_s: Figure
    chip_tokens_per_s: Figure
    usd_per_chip_hour: Figure
    usd_per_mtoken: Figure
    revenue_usd: Figure
    saving_quantise: Figure
    saving_batching: Figure
    saving_chip: Figure
    saving_all: Figure
    singles: dict[str, Figure]
    sum_of_singles: Figure
    bare_usd: Figure

    def figures(self) -> dict[str, Figure]:
        """The figures by name."""
        return {f.name: v for f in fields(self) if isinstance(v := getattr(self, f.name), Figure)}


def smallest_replica(model: str, chip_id: str, bits: int) -> int:
    """Chips that hold the weights and a working cache, rounded up to a power of two as tensor parallelism wants."""
    chip = catalogue.chip(chip_id)
    if chip.mem_bytes is None:
        raise NotSupported(f"accelerator = {chip_id!r}: no memory size is published, so nothing can be predicted for it", field="accelerator")
    usable = chip.mem_bytes - (catalogue.constant("runtime_reserve_bytes") if chip.mem_bytes > 1e9 else 0.0)
    need = shape_of(model).params * float(BYTES[bits]) * 1.15 / usable
    return 2 ** max(0, math.ceil(math.log2(need)))


@lru_cache(maxsize=512)
def chip_rate(model: str, chip_id: str, bits: int, continuous: bool, prompt_to_output: float) -> tuple[Figure, Figure, Figure]:
    """Chips of a replica, its output tokens a second when busy, and those of one chip."""
    design = ServingDesign(
        model=model, accelerator=chip_id, chips_per_replica=smallest_replica(model, chip_id, bits), weight_bits=bits, kv_bits=16, batch_limit=int(LIMIT), replicas=1,
        scheduler="continuous" if continuous else "static",
    )
    one = make_pass(design)
    g, shape = one.group, one.shape
    n = defined(float(design.chips_per_replica), "the smallest power of two that holds the weights")
    per_token = one.cache_bytes_per_token(16)
    room = kv_room_bytes(n_chips=n, mem_bytes=g.mem_bytes, reserve_bytes=reserve_of(g), weight_bytes=one.weights)
    output = lognormal_mean(median_tokens=ANSWER, spread=SPREAD)
    prompt = defined(prompt_to_output * float(output), "input tokens for each output token")
    fit = sequences_that_fit(kv_room_bytes=room, kv_bytes_per_token=per_token, held_tokens=shape.attended_tokens(full_tokens(prompt_tokens=prompt, output_tokens=output)))
    batch = running_batch(batch_limit=stage_batch_limit(batch_limit=LIMIT, stages=g.stages), sequences_that_fit=fit)
    seen = shape.attended_tokens(live_tokens(prompt_tokens=prompt, output_tokens=output))
    cache = kv_cache_bytes(kv_bytes_per_token=per_token, context_tokens=seen, sequences=ONE)
    step = one.step(batch, cache, seen)["step"]
    busy = ONE if continuous else static_batch_share(output_spread=SPREAD, sequences=batch)
    prefill = one.prefill(prompt)[0] if prompt_to_output else ZERO
    service = service_s(prefill_s=prefill, output_tokens=output, step_s=step, sequences=batch, busy_share=busy)
    rate = batch_tokens_per_s(sequences=output, step_s=service) if prefill else batch_tokens_per_s(
        sequences=working_sequences(running_batch=batch, busy_share=busy), step_s=step)
    return n, rate, per_chip_tokens_per_s(tokens_per_s=rate, n_chips=n)


def hour_price(design: TcoDesign, chip_id: str) -> Figure:
    """What an hour of the chip costs under the plan's financing; `NotSupported` when no figure is known."""
    if design.financing != "owned":
        return financed_price(chip_id, design.financing)
    chip = catalogue.chip(chip_id)
    if f"buy.{chip_id}" not in catalogue.constant_ids() or chip.power_w is None:
        raise NotSupported(f"financing = 'owned': the catalogue has no purchase price or no power for {chip_id}; rent it, or choose a chip that is sold", field="financing")
    return owned_usd_per_chip_hour(
        buy_usd=catalogue.constant(f"buy.{chip_id}"), server_factor=calibrated("server_factor"), life_years=calibrated("life_years"),
        year_h=catalogue.constant("year_hours"), power_w=chip.power_w, server_power_factor=calibrated("server_power_factor"), pue=given(design.pue),
        usd_per_kwh=given(design.usd_per_kwh), watts_per_kw=defined(1000.0, "watts in a kilowatt"),
    )


def financed_price(chip_id: str, financing: str) -> Figure:
    """The catalogue's price of that kind, or the on-demand price times the usual ratio when only that is known."""
    try:
        return catalogue.price(chip_id, financing)
    except NotSupported:
        if financing == "on-demand":
            raise
        ratio = {"reserved": "reserved_to_on_demand", "spot": "spot_to_on_demand"}[financing]
        return discounted_price(list_usd_per_hour=catalogue.price(chip_id), price_ratio=catalogue.constant(ratio))


def estimate_tco(design: TcoDesign, load: TcoLoad) -> TcoEstimate:
    """Estimate the three years. Raises `BadInput` in one sentence for chips that cannot serve, train or be priced."""
    check_values(design)
    check_values(load, where="load")
    return _Plan(design, load).estimate()


def levers_saving(design: TcoDesign, load: TcoLoad) -> Figure:
    """What all levers of the plan save together over three years: `estimate_tco(…).saving_all`, without the other figures. Raises `BadInput`."""
    check_values(design)
    check_values(load, where="load")
    return _Plan(design, load).saving()


class _Plan:
    """The plan's inputs as figures, so that each combination of levers is estimated by the same steps."""

    def __init__(self, design: TcoDesign, load: TcoLoad) -> None:
        self.design, self.load = design, load
        self.told = {name: given(getattr(load, name), by="brief") for name in load.__slots__ if name != "model"}
        self.hour, self.year_h = catalogue.constant("hour_s"), catalogue.constant("year_hours")
        self.year_days = catalogue.constant("year_days")
        self.year_s = defined(self.year_h * self.hour, "seconds in a year")
        self.used, self.decline, self.rate = given(design.utilisation), given(design.price_decline_per_year), given(design.discount_rate)
        growth, a_day = given(design.growth_per_year), given(design.tokens_per_day)
        before = tuple(defined(float(year - 1), "years before this one") for year in YEARS)
        self.tokens = tuple((y, b, tokens_in_year(tokens_per_day=a_day, growth_per_year=growth, years_before=b, year_days=self.year_days)) for y, b in zip(YEARS, before, strict=True))
        flops = training_flops(params=self.told["params"], train_tokens=self.told["train_tokens"])
        self.run_usd = training_run_usd(
            training_flops=flops, peak_flops_per_s=catalogue.chip(design.training_chip).peak("bf16"), mfu=self.told["mfu"], hour_s=self.hour,
            usd_per_chip_hour=hour_price(design, design.training_chip),
        )
        self.training = training_usd_per_year(
            run_usd=self.run_usd, training_runs=given(design.training_runs), experiments_share=given(design.experiments_share), horizon_years=defined(3.0, "three years")
        )
        self.porting = porting_usd(
            porting_engineers=self.told["porting_engineers"], migration_weeks=given(design.migration_weeks), usd_per_engineer_week=self.told["usd_per_engineer_week"]
        )

    def chip_of(self, levers: tuple[bool, bool, bool]) -> str:
        return self.design.inference_chip if levers[2] and self.design.inference_chip != "none" else self.design.accelerator

    def years(self, levers: tuple[bool, bool, bool]) -> tuple[TcoYear, ...]:
        d = self.design
        chip = self.chip_of(levers)
        price = hour_price(d, chip)
        per_chip = chip_rate(self.load.model, chip, 8 if levers[0] else 16, levers[1], d.prompt_to_output)[2]
        ported = levers[2] and d.inference_chip != "none"
        return tuple(self._year(y, before, tokens, per_chip, price, ported=ported) for y, before, tokens in self.tokens)

    def _year(self, year: int, before: Figure, tokens: Figure, per_chip: Figure, price: Figure, *, ported: bool) -> TcoYear:
        chips = chips_for_tokens(tokens_per_year=tokens, chip_tokens_per_s=per_chip, utilisation=self.used, year_s=self.year_s)
        serving = chips_usd_in_year(
            n_chips=chips, usd_per_chip_hour=price, year_h=self.year_h, price_decline_per_year=self.decline, years_before=before
        )
        people = self.porting if ported and year == 1 else ZERO
        total = year_total(serving_usd=serving, training_usd=self.training, people_usd=people)
        return TcoYear(year, tokens, chips, serving, self.training, people, total, present_value(amount_usd=total, discount_rate=self.rate, years_before=before))

    def total(self, levers: tuple[bool, bool, bool]) -> Figure:
        return _sum3([y.discounted_usd for y in self.years(levers)])

    def chosen(self) -> tuple[bool, bool, bool]:
        return self.design.quantise, self.design.continuous_batching, self.design.inference_chip != "none"

    def saving(self) -> Figure:
        return saving_usd(before_usd=self.total((False, False, False)), after_usd=self.total(self.chosen()))

    def estimate(self) -> TcoEstimate:
        d = self.design
        chosen = self.chosen()
        years = self.years(chosen)
        total = _sum3([y.discounted_usd for y in years])
        totals = {combo: total if combo == chosen else self.total(combo) for combo in product(*((False, True) if on else (False,) for on in chosen))}
        bare = totals[(False, False, False)]
        saved = {combo: saving_usd(before_usd=bare, after_usd=total) for combo, total in totals.items()}
        shares = [_shapley(i, saved, chosen) if on else ZERO for i, on in enumerate(chosen)]
        singles = {name: saved[tuple(j == i for j in range(3))] for i, (name, on) in enumerate(zip(LEVERS, chosen, strict=True)) if on}
        chip = self.chip_of(chosen)
        price = hour_price(d, chip)
        n, rate, per_chip = chip_rate(self.load.model, chip, 8 if d.quantise else 16, d.continuous_batching, d.prompt_to_output)
        alone = [singles.get(name, ZERO) for name in LEVERS]
        first = years[0]
        return TcoEstimate(
            years=years, run_usd=self.run_usd, training_usd=_sum3([y.training_usd for y in years]), serving_usd=_sum3([y.serving_usd for y in years]),
            people_usd=_sum3([y.people_usd for y in years]), undiscounted_usd=_sum3([y.total_usd for y in years]), total_usd=total,
            inference_share_y1=inference_share(serving_usd=first.serving_usd, training_usd=first.training_usd),
            inference_share_y3=inference_share(serving_usd=years[2].serving_usd, training_usd=years[2].training_usd),
            break_even_months=break_even_months(run_usd=self.run_usd, annual_usd=first.serving_usd, year_months=defined(12.0, "months in a year")),
            chips_per_replica=n, replica_tokens_per_s=rate, chip_tokens_per_s=per_chip, usd_per_chip_hour=price,
            usd_per_mtoken=usd_at_utilisation(usd_per_chip_hour=price, chip_tokens_per_s=per_chip, utilisation=given(d.utilisation), hour_s=self.hour, tokens_per_mtoken=MILLION),
            revenue_usd=annual_token_bill(
                tokens_per_day=given(d.tokens_per_day), usd_per_mtoken=self.told["revenue_usd_per_mtoken"], tokens_per_mtoken=MILLION, year_days=self.year_days
            ),
            saving_quantise=shares[0], saving_batching=shares[1], saving_chip=shares[2], saving_all=saved[chosen], singles=singles, sum_of_singles=_sum3(alone), bare_usd=bare,
        )


def _sum3(values: list[Figure]) -> Figure:
    first, second, third = values
    return three_years(first_usd=first, second_usd=second, third_usd=third)


def _shapley(lever: int, saved: dict[tuple[bool, ...], Figure], chosen: tuple[bool, bool, bool]) -> Figure:
    """The lever's share; levers that are off count as saving nothing in every combination."""
    second, third = (i for i in range(3) if i != lever)

    def with_(*on: int) -> Figure:
        return saved[tuple(i in on and chosen[i] for i in range(3))]

    return shapley_of_three(
        alone_usd=with_(lever), with_second_usd=with_(lever, second), second_usd=with_(second), with_third_usd=with_(lever, third), third_usd=with_(third),
        all_usd=with_(lever, second, third), others_usd=with_(second, third),
    )
