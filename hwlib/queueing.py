"""From people to requests, and from requests to waiting."""

from __future__ import annotations

from hwlib.formula import exp, formula, least, ln, most, root


@formula(gives="peak_requests_per_s", cites="little1961proof")
def peak_requests_from_daily_users(*, daily_users, requests_per_user_day, peak_factor, day_s):
    """Requests a second at the peak, from people a day.

    >>> round(peak_requests_from_daily_users(daily_users=50000, requests_per_user_day=12, peak_factor=3, day_s=86400), 2)
    20.83
    """
    return daily_users * requests_per_user_day * peak_factor / day_s


@formula(gives="peak_requests_per_s", cites="little1961proof")
def peak_requests_from_sessions(*, concurrent_users, think_time_s, answer_s):
    """Requests a second from people who are all there at once: each asks, waits for the answer, reads, asks again.

    >>> peak_requests_from_sessions(concurrent_users=10000, think_time_s=40.0, answer_s=10.0)
    200.0
    """
    return concurrent_users / (think_time_s + answer_s)


@formula(gives="mean_requests_per_s", cites="little1961proof")
def mean_requests_per_s(*, peak_requests_per_s, peak_factor):
    """Requests a second over the day.

    >>> mean_requests_per_s(peak_requests_per_s=30.0, peak_factor=3)
    10.0
    """
    return peak_requests_per_s / peak_factor


@formula(gives="in_flight", cites="little1961proof")
def littles_law(*, arrivals_per_s, time_in_system_s):
    """Requests in the system: arrivals times the time that each stays.

    >>> littles_law(arrivals_per_s=20.0, time_in_system_s=10.0)
    200.0
    """
    return arrivals_per_s * time_in_system_s


@formula(gives="requests_per_s_per_replica", cites="little1961proof")
def requests_per_replica(*, peak_requests_per_s, replicas):
    """A replica's share of the peak.

    >>> requests_per_replica(peak_requests_per_s=20.0, replicas=8)
    2.5
    """
    return peak_requests_per_s / replicas


@formula(gives="mean_tokens", cites="definition")
def lognormal_mean(*, median_tokens, spread):
    """Mean of lengths that are log-normal about a median.

    >>> round(lognormal_mean(median_tokens=180, spread=0.6))
    215
    """
    return median_tokens * exp(spread * spread / 2)


@formula(gives="tail_tokens", cites="definition")
def lognormal_quantile(*, median_tokens, spread, normal_quantile):
    """A length that only the longest few exceed; 2.326 standard deviations leave one in a hundred.

    >>> round(lognormal_quantile(median_tokens=512, spread=0.45, normal_quantile=2.326))
    1458
    """
    return median_tokens * exp(spread * normal_quantile)


@formula(gives="static_share", cites="yu2022orca")
def static_batch_share(*, output_spread, sequences):
    """Share of a static batch's slots that work: all wait for the longest answer, which grows with the batch.

    The longest of n log-normal answers is about exp(σ √(2 ln n)) medians.

    >>> round(static_batch_share(output_spread=0.6, sequences=32), 2)
    0.25
    """
    return least(1, exp(output_spread * output_spread / 2) / exp(output_spread * root(2 * ln(sequences))))


@formula(gives="service_s", cites="yu2022orca")
def service_s(*, prefill_s, output_tokens, step_s, sequences, busy_share):
    """Time of a replica that one request takes up: its prefill, and its share of the steps.

    >>> round(service_s(prefill_s=0.1, output_tokens=200, step_s=0.02, sequences=32, busy_share=1.0), 4)
    0.225
    """
    return prefill_s + output_tokens * step_s / (sequences * busy_share)


@formula(gives="utilisation", cites="kleinrock1975queueing")
def utilisation(*, requests_per_s_per_replica, service_s):
    """Share of a replica's capacity that the peak takes; above 1 the queue grows without end.

    >>> utilisation(requests_per_s_per_replica=2.0, service_s=0.3)
    0.6
    """
    return requests_per_s_per_replica * service_s


@formula(gives="operating_batch", cites="little1961proof")
def operating_batch(*, requests_per_s_per_replica, output_tokens, fixed_step_s, step_per_sequence_s, prefill_s, batch_cap):
    """Sequences in flight on one replica at the peak: Little's law, with steps that lengthen as the batch grows.

    b = λ o (f + g b) / (1 − λ p), solved for b, and never more than the batch may hold.

    >>> round(operating_batch(requests_per_s_per_replica=1.5, output_tokens=200, fixed_step_s=0.02, step_per_sequence_s=1e-4, prefill_s=0.1, batch_cap=64), 1)
    7.3
    """
    return least(
        batch_cap,
        most(
            1,
            requests_per_s_per_replica * output_tokens * fixed_step_s
            / most(1e-9, 1 - requests_per_s_per_replica * (prefill_s + output_tokens * step_per_sequence_s)),
        ),
    )


@formula(gives="tpot_s", cites="agrawal2024sarathi")
def tpot_with_prefills(*, step_s, requests_per_s_per_replica, prefill_s):
    """Time a token when other people's prompts take their turns between the steps.

    >>> round(tpot_with_prefills(step_s=0.02, requests_per_s_per_replica=2.0, prefill_s=0.1), 4)
    0.025
    """
    return step_s / most(0.05, 1 - requests_per_s_per_replica * prefill_s)


@formula(gives="wait_s", cites="kleinrock1975queueing")
def pollaczek_khinchine_wait_s(*, arrivals_per_s, mean_service_s, service_variance_s2):
    """Mean wait in a queue of one server, Poisson arrivals and any service time: the simulator's cross-check.

    >>> round(pollaczek_khinchine_wait_s(arrivals_per_s=0.5, mean_service_s=1.0, service_variance_s2=1.0), 6)
    1.0
    """
    return arrivals_per_s * (service_variance_s2 + mean_service_s**2) / (2 * (1 - arrivals_per_s * mean_service_s))


def erlang_b(servers: int, offered_load: float) -> float:
    """Share of arrivals that find all servers taken where nobody waits, by the recursion over servers (Kleinrock, 1975).

    >>> round(erlang_b(2, 1.0), 6), erlang_b(1, 1.0)
    (0.2, 0.5)
    """
    blocked = 1.0
    for k in range(1, int(servers) + 1):
        blocked = offered_load * blocked / (k + offered_load * blocked)
    return blocked


@formula(gives="wait_share", cites="kleinrock1975queueing")
def erlang_c(*, servers, offered_load, blocked_share):
    """Share of arrivals that wait for one of several servers, from the share that would be blocked (`erlang_b`).

    >>> round(erlang_c(servers=2, offered_load=1.0, blocked_share=0.2), 6)
    0.333333
    """
    return servers * blocked_share / (servers - offered_load * (1 - blocked_share))


@formula(gives="wait_s", cites="kleinrock1975queueing")
def mmc_wait_s(*, wait_share, mean_service_s, servers, offered_load):
    """Mean wait for one of several servers, Poisson arrivals and exponential service: places of a batch whose steps do not lengthen.

    >>> round(mmc_wait_s(wait_share=1 / 3, mean_service_s=1.0, servers=2, offered_load=1.0), 6)
    0.333333
    """
    return wait_share * mean_service_s / (servers - offered_load)


@formula(gives="ttft_floor_s", cites="yu2022orca")
def ttft_without_queue_s(*, network_s, prefill_s, step_s):
    """Time to first token when nobody waits: the way there and back, the prompt, one step.

    >>> round(ttft_without_queue_s(network_s=0.03, prefill_s=0.1, step_s=0.02), 3)
    0.15
    """
    return network_s + prefill_s + step_s
