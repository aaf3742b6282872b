"""Capacities of every kind, for property tests."""

from hypothesis import strategies as st

from narrowcast_shared.link import Capacity, Schedule, Step, Trace

rates_bps = st.one_of(st.just(0), st.integers(1, 200_000))
gaps_us = st.integers(1, 8_000_000)


@st.composite
def schedules(draw: st.DrawFn, *, loops: bool = True) -> Schedule:
    """Up to six steps, some of them outages; sometimes begun anew. It always ends up."""
    rates = [*draw(st.lists(rates_bps, max_size=5)), draw(st.integers(500, 200_000))]
    gaps = draw(st.lists(gaps_us, min_size=len(rates), max_size=len(rates)))
    times = [sum(gaps[:index]) for index in range(len(rates) + 1)]
    steps = tuple(Step(at, bps) for at, bps in zip(times, rates, strict=False))
    return Schedule(steps, times[-1] if loops and draw(st.booleans()) else None)


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    """Short traces with bursts and holes, scaled down as cellular ones are."""
    gaps = draw(st.lists(st.one_of(st.integers(0, 30), st.integers(0, 9000)), max_size=40))
    times = [sum(gaps[: index + 1]) for index in range(len(gaps))]
    return Trace("t", [*times, sum(gaps) + draw(st.integers(1, 500))], draw(st.floats(0.01, 2)))


capacities: st.SearchStrategy[Capacity] = st.one_of(schedules(), traces())
