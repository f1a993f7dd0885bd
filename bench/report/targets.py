"""The targets of the project, as ratios within one run, and whether this run met them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..contestants import Contestant, Kind
from ..measures.results import Results

IDEAL_SLEEPS = 6400.0
"""A second, of 64 threads that each sleep for 10 ms."""


@dataclass(frozen=True)
class Roles:
    """Which contestants the targets mean. Names that did not take part just have no figures."""

    default: str
    inline: str
    pool: str
    gthread: str
    nginx: str
    flask: tuple[str, ...]
    """Deployments of Flask."""
    frameworks: tuple[str, ...]
    """All Python frameworks but ours, Flask among them."""


def roles(
    contestants: Sequence[Contestant], *, default: str, inline: str, pool: str, gthread: str, nginx: str
) -> Roles:
    """Sort contestants by their kind."""
    flask = tuple(one.name for one in contestants if one.kind is Kind.FLASK)
    others = tuple(one.name for one in contestants if one.kind is Kind.FRAMEWORK)
    return Roles(default, inline, pool, gthread, nginx, flask, flask + others)


@dataclass(frozen=True)
class Outcome:
    """A ratio that was measured, and of what."""

    ratio: float
    of: str
    by_time: float | None = None
    """For throughput: the ratio of processor times for a request, which other work on the machine changes less."""
    is_within_spread: bool = False
    """The other's rounds had as much as the median of ours, and one of ours was as good as the median of the other's."""


@dataclass(frozen=True)
class Target:
    """One line of the table. Larger ratios are better in all of them."""

    workload: str
    against: str
    at_least: float
    measure: Callable[[Results, Roles], Outcome | None]


@dataclass(frozen=True)
class Verdict:
    """A target, and what became of it in one run."""

    target: Target
    outcome: Outcome | None
    """`None` if somebody whom it takes was not measured."""

    @property
    def word(self) -> str:
        """For the table."""
        if self.outcome is None:
            return "not measured"
        if self.outcome.ratio >= self.target.at_least:
            return "met"
        return "met, within the spread" if self.outcome.is_within_spread else "not met"


def judge(results: Results, who: Roles) -> list[Verdict]:
    """All targets."""
    return [Verdict(target, target.measure(results, who)) for target in TARGETS]


Names = Callable[[Roles], Sequence[str]]


def _rates(workload: str, ours: Callable[[Roles], str], theirs: Names) -> Callable[[Results, Roles], Outcome | None]:
    def measure(results: Results, who: Roles) -> Outcome | None:
        own = results.median(ours(who), workload, "rate")
        best = results.best(theirs(who), workload, "rate")
        if own is None or best is None:
            return None
        cost, their_cost = (results.median(name, workload, "server_us") for name in (ours(who), best[0]))
        by_time = their_cost / cost if cost and their_cost else None
        return Outcome(own / best[1], f"{own:,.0f} / {best[1]:,.0f} ({best[0]})", by_time)

    return measure


def _sleeps(results: Results, who: Roles) -> Outcome | None:
    own = results.median(who.default, "sleep", "rate")
    return None if own is None else Outcome(own / IDEAL_SLEEPS, f"{own:,.0f} / {IDEAL_SLEEPS:,.0f}")


def _tail(results: Results, who: Roles) -> Outcome | None:
    own, pool = (results.spread(name, "mixed", "p99_ms") for name in (who.default, who.pool))
    if own is None or pool is None:
        return None
    return Outcome(
        pool.median / own.median,
        f"{pool.median:.2f} ms / {own.median:.2f} ms",
        # Which of two equal ones has the smaller median is luck.
        is_within_spread=own.median <= pool.most and own.least <= pool.median,
    )


def _processes(one: str, two: str) -> Callable[[Results, Roles], Outcome | None]:
    def measure(results: Results, who: Roles) -> Outcome | None:
        alone, both = (results.median(who.default, workload, "rate") for workload in (one, two))
        if alone is None or both is None:
            return None
        return Outcome(both / alone, f"{both:,.0f} / {alone:,.0f}, the client on the same cores")

    return measure


def _default(who: Roles) -> str:
    return who.default


TARGETS = (
    Target(
        "plain text, default threaded mode",
        "Flask on gunicorn gthread",
        15,
        _rates("hello", _default, lambda who: [who.gthread]),
    ),
    Target(
        "plain text, default threaded mode",
        "the best Flask deployment measured",
        4,
        _rates("hello", _default, lambda who: who.flask),
    ),
    Target(
        "plain text, default threaded mode",
        "the best Python framework measured, any server",
        1.2,
        _rates("hello", _default, lambda who: who.frameworks),
    ),
    Target(
        "plain text, inline",
        "nginx `return 200`",
        0.55,
        _rates("hello", lambda who: who.inline, lambda who: [who.nginx]),
    ),
    Target(
        "JSON with converter and query",
        "the best Flask deployment measured",
        4,
        _rates("json", _default, lambda who: who.flask),
    ),
    Target("sleep 10 ms, 256 connections, 64 threads", "6,400/s, the ideal", 0.9, _sleeps),
    Target("2 % slow views: p99 of the fast", "the runner `pool` (its p99 / ours)", 1, _tail),
    Target("static 1 MiB", "nginx", 0.7, _rates("static1m", _default, lambda who: [who.nginx])),
    Target("threads x processes on 2 cores, plain text", "one process", 1.7, _processes("hello1", "hello2")),
    Target("threads x processes on 2 cores, page", "one process", 1.7, _processes("page1", "page2")),
)
