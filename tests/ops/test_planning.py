"""Which terms a night asks, and which rest because a platform had nothing for them."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from crawler import Definition, definition
from db import history, scans
from db.engine import transaction
from db.history import LastAsked
from keywords import builtin
from ops.planning import Night, in_turn, queries_for, ranked_terms
from ops.settings import Crawl
from pipelines import MANY
from records import Outcome, Query, QueryKind, QueryReport, now

TONIGHT = date(2026, 11, 23)
#: Few enough that all their terms are asked in one night.
CATEGORIES = ("ivory", "rhino", "tiger", "tool_net", "tool_clamp")
TERMS = len(ranked_terms(builtin(), CATEGORIES, TONIGHT))
#: Terms that a night of all categories asks.
MOST = 40


def night(on: date = TONIGHT, *, named: tuple[str, ...] = (), longest_rest: int = 3) -> Night:
    crawl = Crawl(max_terms=TERMS, categories=CATEGORIES, longest_rest=longest_rest)
    covered = frozenset({("demo_ads", ""), ("demo_ads", "枣庄市")})
    return Night(lexicon=builtin(), crawl=crawl, on=on, named=named, covered=covered)


def platform(key: str = "demo_ads") -> Definition:
    return definition(key)


def planned(platform: Definition, night: Night, last: dict[str, LastAsked]) -> tuple[list[Query], int]:
    """The queries of everywhere, in this order."""
    return queries_for(platform, night, {"": last})


def asked(queries: list[Query]) -> list[str]:
    return [query.text for query in queries if query.kind is QueryKind.SEARCH]


def terms() -> list[str]:
    return ranked_terms(builtin(), CATEGORIES, TONIGHT)


def last(outcome: Outcome, days_ago: int = 0) -> dict[str, LastAsked]:
    return {term: LastAsked(on=TONIGHT - timedelta(days=days_ago), outcome=outcome) for term in terms()}


def test_the_first_night_asks_every_term() -> None:
    queries, rested = planned(platform(), night(), {})
    assert asked(queries) == terms() and len(terms()) == TERMS
    assert rested == 0


def test_own_pages_are_read_again_last_and_only_where_open_leads_have_hits() -> None:
    visited = replace(night(), visited=frozenset({"demo_ads"}))
    queries, _ = planned(platform(), visited, {})
    assert [query.kind for query in queries].count(QueryKind.REVISIT) == 1
    assert queries[-1].kind is QueryKind.REVISIT
    others = (planned(platform("demo_shop"), visited, {})[0], planned(platform(), night(), {})[0])
    named = planned(platform(), replace(visited, named=("象牙",)), {})[0]
    assert all(query.kind is not QueryKind.REVISIT for query in [*named, *others[0], *others[1]])


@pytest.mark.parametrize("days_ago", [0, 1])
def test_what_was_empty_rests_one_night_at_least_and_category_pages_never(days_ago: int) -> None:
    queries, rested = planned(platform(), night(), last(Outcome.EMPTY, days_ago))
    assert [query.kind for query in queries] == [QueryKind.BROWSE] * len(platform().browse)
    assert rested == TERMS


def nights(history: dict[str, LastAsked], longest: int, count: int, every: int = 1) -> list[list[str]]:
    """What each of some nights asks, a night or `every` nights apart, where a platform has nothing for any term."""
    told = []
    for number in range(1, count + 1):
        on = TONIGHT + timedelta(days=number * every)
        told.append(asked(planned(platform(), night(on, longest_rest=longest), history)[0]))
        history = history | {term: LastAsked(on=on, outcome=Outcome.EMPTY) for term in told[-1]}
    return told


@pytest.mark.parametrize("longest", [1, 3, 7])
def test_every_term_comes_round_and_the_nights_share_them(longest: int) -> None:
    first, *later = nights(last(Outcome.EMPTY), longest, 3 * (longest + 1))
    share = -(-TERMS // longest)
    assert first == [] and max(map(len, later)) <= share
    assert all(set().union(*later[start : start + longest + 1]) == set(terms()) for start in range(longest + 1))


def test_after_missed_nights_they_do_not_all_come_at_once() -> None:
    late = nights(last(Outcome.EMPTY), 7, 7, every=9)
    assert max(map(len, late)) <= -(-TERMS // 7) and set().union(*late) == set(terms())


def test_where_category_pages_were_not_seen_whole_nothing_rests_longer_than_three_nights() -> None:
    unseen = replace(night(longest_rest=7), covered=frozenset({("demo_goods", ""), ("demo_ads", "枣庄市")}))
    assert len(asked(planned(platform(), unseen, last(Outcome.EMPTY, 2))[0])) == -(-TERMS // 3)


@pytest.mark.parametrize(
    ("facts", "rests"),
    [
        ({}, True),  # all that it gave, the category pages had shown
        ({"cards": MANY}, False),  # by these it shows whether words are filtered
        ({"brought": 1}, False),  # it finds what nothing else finds
        ({"to_end": False}, False),
        ({"outcome": Outcome.BUDGET_SPENT}, False),
    ],
)
def test_a_term_whose_results_others_bring_takes_turns(facts: dict[str, Any], rests: bool) -> None:
    idle = LastAsked(on=TONIGHT, outcome=Outcome.SEARCHED, cards=MANY - 1, to_end=True)
    history = dict.fromkeys(terms(), replace(idle, **facts))
    queries, rested = planned(platform(), night(), history)
    assert (asked(queries), rested) == (([], TERMS) if rests else (terms(), 0))
    bare = platform().model_copy(update={"browse": {}})
    assert asked(planned(bare, night(), history)[0]) == terms()  # nothing else would bring them
    late = replace(night(), on=TONIGHT + timedelta(days=4))
    assert len(asked(planned(platform(), late, history)[0])) == (-(-TERMS // 3) if rests else TERMS)


def test_the_own_city_is_asked_first_where_the_platform_can_narrow_down_to_it() -> None:
    ours = replace(night(), city="枣庄市", visited=frozenset({"demo_ads"}))
    queries, rested = queries_for(platform(), ours, {"枣庄市": last(Outcome.EMPTY), "": {}})
    assert [query.region for query in queries] == ["枣庄市"] + [""] * (TERMS + 2)
    assert rested == TERMS and queries[-1].kind is QueryKind.REVISIT
    assert [query.kind for query in queries[:2]] == [QueryKind.BROWSE, QueryKind.BROWSE]
    assert queries_for(platform(), replace(ours, city="枣庄"), {"枣庄市": last(Outcome.EMPTY)}) == (queries, rested)
    elsewhere = queries_for(platform(), replace(ours, city="济南市"), {})[0]
    unable = queries_for(platform("demo_shop"), ours, {})[0]
    named = queries_for(platform(), replace(ours, named=("象牙",)), {})[0]
    assert {query.region for query in (*elsewhere, *unable, *named)} == {""}


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.EMPTY])
def test_every_other_end_is_asked_again(outcome: Outcome) -> None:
    assert asked(planned(platform(), night(), last(outcome))[0]) == terms()


def test_terms_that_a_person_names_never_rest() -> None:
    word = terms()[0]
    queries, rested = planned(platform(), night(named=(word, word)), last(Outcome.EMPTY))
    assert [(query.kind, query.text) for query in queries] == [(QueryKind.SEARCH, word)]
    assert rested == 0


def test_nobody_rests_where_it_is_switched_off() -> None:
    assert asked(planned(platform(), night(longest_rest=0), last(Outcome.EMPTY))[0]) == terms()


def test_a_platform_of_searches_alone_is_never_left_unasked() -> None:
    bare = platform().model_copy(update={"browse": {}})
    assert asked(planned(bare, night(), last(Outcome.EMPTY))[0]) == terms()
    one_found = last(Outcome.EMPTY) | {terms()[3]: LastAsked(on=TONIGHT, outcome=Outcome.SEARCHED)}
    assert asked(planned(bare, night(), one_found)[0]) == [terms()[3]]


def test_every_term_has_its_turn_and_the_best_are_asked_every_night() -> None:
    every = ranked_terms(builtin(), (), TONIGHT)
    best = every[: MOST - MOST // 4]
    history: dict[str, LastAsked] = {}
    nights: list[list[str]] = []
    for ago in range((len(every) - len(best)) // (MOST // 4) + 1):
        chosen = in_turn(every, history, MOST)
        assert len(chosen) == len(set(chosen)) == MOST and chosen[: len(best)] == best
        on = TONIGHT + timedelta(days=ago)
        history |= {term: LastAsked(on=on, outcome=Outcome.SEARCHED) for term in chosen}
        nights.append(chosen[len(best) :])
    assert set(history) == set(every) and len(every) > 2 * MOST
    assert nights[0] == every[len(best) : MOST]
    assert set(nights[0]).isdisjoint(nights[1])


def test_what_was_planned_and_not_run_has_not_had_its_turn() -> None:
    missed = {term: LastAsked(on=TONIGHT, outcome=Outcome.NOT_RUN) for term in "cd"}
    asked = {term: LastAsked(on=TONIGHT, outcome=Outcome.BLOCKED) for term in "ef"}
    assert in_turn(list("abcefd"), missed | asked, 4) == list("abcd")
    assert in_turn(list("abcd"), asked, 4) == list("abcd")


def test_the_turn_is_used_by_the_planning() -> None:
    every = ranked_terms(builtin(), (), TONIGHT)
    full = Night(lexicon=builtin(), crawl=Crawl(max_terms=MOST, longest_rest=0), on=TONIGHT)
    asked_before = {term: LastAsked(on=TONIGHT, outcome=Outcome.SEARCHED) for term in every[:MOST]}
    tonight = asked(planned(platform(), full, asked_before)[0])
    assert tonight == every[: MOST - MOST // 4] + every[MOST : MOST + MOST // 4]


@pytest.mark.db
def test_the_newest_end_of_a_term_counts(engine: Engine) -> None:
    wanted = Query(platform="demo_ads", kind=QueryKind.SEARCH, text="象牙")
    other = Query(platform="demo_ads", kind=QueryKind.BROWSE, text="象牙")
    for day, outcome in ((0, Outcome.EMPTY), (1, Outcome.SEARCHED), (2, None)):
        with transaction(engine) as conn:
            on = TONIGHT + timedelta(days=day)
            scan_id = scans.plan(conn, [wanted, other], planned_for=on, kind="demo", at=now())
            assert scan_id is not None
            attempt = scans.begin_slice(conn, scan_id, "demo_ads")
            for query in scans.unfinished(conn, scan_id, "demo_ads"):
                if outcome and query.kind is QueryKind.SEARCH:
                    report = QueryReport(query=query, outcome=outcome, started_at=now(), finished_at=now())
                    assert scans.ended(conn, report, attempt=attempt)
            yesterday = TONIGHT + timedelta(days=min(day, 1))
            newest = Outcome.EMPTY if day == 0 else Outcome.SEARCHED
            assert history.last_searches(conn, "demo_ads") == {"象牙": LastAsked(on=yesterday, outcome=newest)}
            assert history.last_searches(conn, "demo_goods") == {}


@pytest.mark.db
def test_what_a_term_brought_in_a_region_keeps_it_awake_for_fourteen_runs_there(engine: Engine) -> None:
    for day, new in enumerate([1, *[0] * 14]):
        with transaction(engine) as conn:
            term = Query(platform="demo_ads", kind=QueryKind.SEARCH, text="象牙")
            on = TONIGHT + timedelta(days=day)
            scan_id = scans.plan(conn, [term, replace(term, region="枣庄市")], planned_for=on, kind="demo", at=now())
            assert scan_id is not None
            attempt = scans.begin_slice(conn, scan_id, "demo_ads")
            for query in scans.unfinished(conn, scan_id, "demo_ads"):
                report = QueryReport(
                    query=query, outcome=Outcome.SEARCHED, cards=2, new=0 if query.region else new, to_end=True,
                    started_at=now(), finished_at=now(),
                )  # fmt: skip
                assert scans.ended(conn, report, attempt=attempt)
            brought = [history.last_searches(conn, "demo_ads", region)["象牙"].brought for region in ("", "枣庄市")]
        assert brought == [int(day < 14), 0]


def test_a_category_asks_no_more_than_its_nightly_budget_and_the_rest_takes_turns() -> None:
    category = replace(builtin().category("ivory"), search=tuple("ABCDEFGHIJ"), nightly=4)
    lexicon = replace(builtin(), categories=(category,))
    nights = [TONIGHT + timedelta(days=days) for days in range(7)]
    asked_for = [ranked_terms(lexicon, (), on) for on in nights]
    assert [terms[:3] for terms in asked_for] == [["A", "B", "C"]] * 7
    assert {len(terms) for terms in asked_for} == {4}
    assert {terms[3] for terms in asked_for} == set("DEFGHIJ")
    queries, _ = planned(
        platform(), replace(night(), lexicon=lexicon, crawl=Crawl(max_terms=TERMS, categories=("ivory",))), {}
    )
    assert asked(queries) == ranked_terms(lexicon, (), TONIGHT)


@pytest.mark.db
def test_category_pages_cover_a_region_where_all_of_them_were_really_seen_the_last_time(engine: Engine) -> None:
    ends = {
        "a": {("", "最新"): Outcome.SEARCHED, ("", "杂项"): Outcome.EMPTY, ("枣庄市", "最新"): Outcome.BLOCKED},
        "b": {("", "最新"): Outcome.SEARCHED, ("", "杂项"): Outcome.BUDGET_SPENT},
        "c": {("", ""): Outcome.SEARCHED},  # what stands for a platform of searches alone
    }
    for day in (1, 2):  # the night before everything was seen
        with transaction(engine) as conn:
            every = [
                Query(platform=key, kind=QueryKind.BROWSE, text=text, region=region)
                for key, told in ends.items()
                for region, text in told
            ]
            on = TONIGHT + timedelta(days=day)
            scan_id = scans.plan(conn, every, planned_for=on, kind="demo", at=now())
            assert scan_id is not None
            for key, told in ends.items():
                attempt = scans.begin_slice(conn, scan_id, key)
                for query in scans.unfinished(conn, scan_id, key):
                    outcome = told[query.region, query.text] if day == 2 else Outcome.SEARCHED
                    report = QueryReport(query=query, outcome=outcome, started_at=now(), finished_at=now())
                    assert scans.ended(conn, report, attempt=attempt)
            assert history.covered(conn) == ({("a", "")} if day == 2 else {("a", ""), ("a", "枣庄市"), ("b", "")})
