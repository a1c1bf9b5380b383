"""From tokens to dollars."""

from __future__ import annotations

from hwlib.formula import ceil, formula


@formula(gives="usd_per_hour", cites="barroso2018datacenter")
def fleet_usd_per_hour(*, n_chips, usd_per_chip_hour, fabric_usd_per_hour):
    """What the fleet costs each hour, busy or not.

    >>> fleet_usd_per_hour(n_chips=48, usd_per_chip_hour=1.86, fabric_usd_per_hour=0.0)
    89.28
    """
    return n_chips * usd_per_chip_hour + fabric_usd_per_hour


@formula(gives="usd_per_mtoken", cites="barroso2018datacenter")
def usd_per_mtoken(*, usd_per_hour, tokens_per_s, hour_s, tokens_per_mtoken):
    """Dollars for a million tokens: an hour's bill over an hour's tokens.

    >>> round(usd_per_mtoken(usd_per_hour=89.28, tokens_per_s=1500.0, hour_s=3600, tokens_per_mtoken=1e6), 2)
    16.53
    """
    return usd_per_hour / (tokens_per_s * hour_s) * tokens_per_mtoken


@formula(gives="annual_usd", cites="definition")
def annual_token_bill(*, tokens_per_day, usd_per_mtoken, tokens_per_mtoken, year_days):
    """A year's bill for a stream of tokens. Price a million, so divide by a million: the source text did not.

    A billion tokens a day at $2 a million, which is $0.002 a thousand:

    >>> round(annual_token_bill(tokens_per_day=1e9, usd_per_mtoken=2.0, tokens_per_mtoken=1e6, year_days=365))
    730000
    """
    return tokens_per_day / tokens_per_mtoken * usd_per_mtoken * year_days


@formula(gives="tokens_per_year", cites="definition")
def tokens_in_year(*, tokens_per_day, growth_per_year, years_before, year_days):
    """Tokens of a year when demand grows by a constant share.

    >>> tokens_in_year(tokens_per_day=1e9, growth_per_year=0.5, years_before=2, year_days=365) / 1e9
    821.25
    """
    return tokens_per_day * year_days * (1 + growth_per_year) ** years_before


@formula(gives="n_chips", cites="barroso2018datacenter")
def chips_for_tokens(*, tokens_per_year, chip_tokens_per_s, utilisation, year_s):
    """Chips that a year's tokens need at the utilisation that the fleet really has.

    >>> chips_for_tokens(tokens_per_year=365e9, chip_tokens_per_s=200.0, utilisation=0.5, year_s=31536000)
    116.0
    """
    return ceil(tokens_per_year / (chip_tokens_per_s * utilisation * year_s))


@formula(gives="annual_usd", cites="barroso2018datacenter")
def chips_usd_in_year(*, n_chips, usd_per_chip_hour, year_h, price_decline_per_year, years_before):
    """A year of those chips, at that year's price.

    >>> round(chips_usd_in_year(n_chips=100, usd_per_chip_hour=2.0, year_h=8760, price_decline_per_year=0.1, years_before=1))
    1576800
    """
    return n_chips * usd_per_chip_hour * year_h * (1 - price_decline_per_year) ** years_before


@formula(gives="usd_per_chip_hour", cites="barroso2018datacenter")
def owned_usd_per_chip_hour(*, buy_usd, server_factor, life_years, year_h, power_w, server_power_factor, pue, usd_per_kwh, watts_per_kw):
    """An owned chip's hour: its price and its share of the server over its life, and its power with the server's and the building's.

    >>> round(owned_usd_per_chip_hour(buy_usd=27500, server_factor=1.5, life_years=4, year_h=8760, power_w=700, server_power_factor=1.82,
    ...                               pue=1.25, usd_per_kwh=0.08, watts_per_kw=1000), 2)
    1.3
    """
    return buy_usd * server_factor / (life_years * year_h) + power_w * server_power_factor / watts_per_kw * pue * usd_per_kwh


@formula(gives="run_usd", cites="kaplan2020scaling")
def training_run_usd(*, training_flops, peak_flops_per_s, mfu, hour_s, usd_per_chip_hour):
    """One training run from its arithmetic: chip-hours at an MFU, times the price.

    >>> round(training_run_usd(training_flops=8.4e23, peak_flops_per_s=312e12, mfu=0.43, hour_s=3600, usd_per_chip_hour=1.0) / 1e6, 2)
    1.74
    """
    return training_flops / (peak_flops_per_s * mfu * hour_s) * usd_per_chip_hour


@formula(gives="training_usd", cites="cottier2024rising")
def training_usd_per_year(*, run_usd, training_runs, experiments_share, horizon_years):
    """Training in a year: the runs, and the experiments that each run needs before it.

    >>> training_usd_per_year(run_usd=10e6, training_runs=3, experiments_share=1.0, horizon_years=3)
    20000000.0
    """
    return run_usd * training_runs * (1 + experiments_share) / horizon_years


@formula(gives="people_usd", cites="definition")
def porting_usd(*, porting_engineers, migration_weeks, usd_per_engineer_week):
    """People who move the software to another chip.

    >>> porting_usd(porting_engineers=6, migration_weeks=10, usd_per_engineer_week=6000)
    360000.0
    """
    return porting_engineers * migration_weeks * usd_per_engineer_week


@formula(gives="discounted_usd", cites="brealey2020principles")
def present_value(*, amount_usd, discount_rate, years_before):
    """A later year's money in today's.

    >>> round(present_value(amount_usd=121.0, discount_rate=0.1, years_before=2), 2)
    100.0
    """
    return amount_usd / (1 + discount_rate) ** years_before


@formula(gives="total_usd", cites="definition")
def year_total(*, serving_usd, training_usd, people_usd):
    """What a year costs.

    >>> year_total(serving_usd=3.0, training_usd=2.0, people_usd=1.0)
    6.0
    """
    return serving_usd + training_usd + people_usd


@formula(gives="total_usd", cites="definition")
def three_years(*, first_usd, second_usd, third_usd):
    """Three years together.

    >>> three_years(first_usd=1.0, second_usd=2.0, third_usd=3.0)
    6.0
    """
    return first_usd + second_usd + third_usd


@formula(gives="inference_share", cites="definition")
def inference_share(*, serving_usd, training_usd):
    """Serving as a share of serving and training.

    >>> inference_share(serving_usd=3.0, training_usd=1.0)
    0.75
    """
    return serving_usd / (serving_usd + training_usd)


@formula(gives="break_even_months", cites="definition")
def break_even_months(*, run_usd, annual_usd, year_months):
    """Months of serving, at the first year's bill, that cost as much as one training run.

    >>> break_even_months(run_usd=50e6, annual_usd=0.73e6, year_months=12) > 800
    True
    """
    return run_usd / annual_usd * year_months


@formula(gives="saving_usd", cites="shapley1953value")
def shapley_of_three(*, alone_usd, with_second_usd, second_usd, with_third_usd, third_usd, all_usd, others_usd):
    """One lever's fair share of what three levers save together: its step averaged over all six orders.

    ``alone_usd`` is what it saves alone, ``with_second_usd`` what it and the second save, ``second_usd`` the second alone.

    >>> shapley_of_three(alone_usd=6.0, with_second_usd=8.0, second_usd=4.0, with_third_usd=6.0, third_usd=0.0, all_usd=8.0, others_usd=4.0)
    5.0
    """
    return (
        2 * alone_usd + (with_second_usd - second_usd) + (with_third_usd - third_usd) + 2 * (all_usd - others_usd)
    ) / 6


@formula(gives="saving_usd", cites="definition")
def saving_usd(*, before_usd, after_usd):
    """What a change saves.

    >>> saving_usd(before_usd=10.0, after_usd=7.0)
    3.0
    """
    return before_usd - after_usd


@formula(gives="usd_per_mtoken", cites="barroso2018datacenter")
def usd_at_utilisation(*, usd_per_chip_hour, chip_tokens_per_s, utilisation, hour_s, tokens_per_mtoken):
    """Dollars for a million tokens from one chip that is busy only part of the time.

    >>> round(usd_at_utilisation(usd_per_chip_hour=2.0, chip_tokens_per_s=500.0, utilisation=0.5, hour_s=3600, tokens_per_mtoken=1e6), 2)
    2.22
    """
    return usd_per_chip_hour / (chip_tokens_per_s * utilisation * hour_s) * tokens_per_mtoken


@formula(gives="usd_per_chip_hour", cites="barroso2018datacenter")
def discounted_price(*, list_usd_per_hour, price_ratio):
    """A reserved or spot hour, from the list price and the usual ratio.

    >>> discounted_price(list_usd_per_hour=4.0, price_ratio=0.5)
    2.0
    """
    return list_usd_per_hour * price_ratio
