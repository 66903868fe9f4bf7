"""A token opens what its account may and its scopes say, while both are good; nothing else opens the API."""

import hashlib
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from console import add_demo_user, create_app
from console.accounts import DEMO_USER
from console.roles import ROLES, may
from console.tokens import MOST, SCOPES, Scope, TokenRefused, make, minted
from db import tables, users
from db.engine import transaction
from db.walls import WALLS
from tests.console import hostile
from tests.console.conftest import PASSWORD, minting
from tests.console.matrix import HERE

pytestmark = pytest.mark.db

ME = "/api/v1/me"


def user_id(engine, name: str) -> int:
    with transaction(engine) as conn:
        return users.find(conn, name)[0].id


def audited(engine, action: str) -> list:
    with transaction(engine) as conn:
        return conn.execute(select(tables.audit).where(tables.audit.c.action == action)).all()


def made_on_page(person, **entered):
    sent = {"name": "夜间取数", "scopes": ["read"], "days": "90", "password": PASSWORD, **entered}
    return person.post("/settings/tokens", sent)


def shown_on(page: str) -> str:
    return re.search(r'<code class="once secret">(xwk_\w+)</code>', page)[1]


# --- what is stored, and what is shown --------------------------------------------------------------------------------


def test_a_token_is_shown_once_and_stored_as_its_hash_alone(account, engine):
    person = account()
    answer = made_on_page(person)
    secret = shown_on(answer.text)
    assert re.fullmatch(r"xwk_[0-9A-Za-z]{49}", secret) and answer.headers["cache-control"] == "no-store"
    assert person.call("GET", ME, bearer=secret).json()["token"] == "夜间取数"
    later = person.get("/settings/tokens").text
    assert secret not in later and secret[:8] in later and secret[8:20] not in later
    with transaction(engine) as conn:
        stored = conn.execute(select(tables.api_tokens)).one()
        whole = conn.execute(text("select string_agg(to_jsonb(a)::text, '') from audit a")).scalar_one()
    assert stored.token_hash == hashlib.sha256(secret.encode()).digest()
    assert secret[8:] not in str(stored._mapping) + whole
    assert not WALLS["api_tokens"].city and not WALLS["api_tokens"].district
    [told] = audited(engine, "token.new")
    assert told.actor == "wang" and told.detail["scopes"] == ["read"] and told.subject == f"user:{stored.user_id}"


def test_no_two_tokens_are_alike_and_a_misspelt_one_is_told_by_itself(engine):
    assert len({minted() for _ in range(500)}) == 500


def test_a_token_takes_the_password_again(account, engine, browser):
    person = account()
    for wrong in ("", "falsch", PASSWORD + " "):
        answer = made_on_page(person, password=wrong)
        assert answer.status_code == 400 and "账号或密码不正确" in answer.text and "xwk_" not in answer.text
    assert made_on_page(person).status_code == 429  # the fourth time at once, as at the door
    with transaction(engine) as conn:
        assert conn.execute(select(func.count()).select_from(tables.api_tokens)).scalar_one() == 0


@pytest.mark.parametrize(
    "entered",
    [{"name": ""}, {"name": " \u200b "}, {"name": "x" * 41}, {"scopes": []}, {"scopes": ["admin"]},
     {"scopes": ["read", "READ"]}, {"days": "0"}, {"days": "366"}, {"days": "-1"}, {"days": "x"}],
)  # fmt: skip
def test_what_a_token_may_not_be_is_refused(account, engine, entered):
    assert made_on_page(account(), **entered).status_code == 400
    with transaction(engine) as conn:
        assert conn.execute(select(func.count()).select_from(tables.api_tokens)).scalar_one() == 0


def test_no_role_gives_a_token_more_than_it_has(seat, engine, clock):
    for role in ROLES:
        seat(f"r-{role}", role, HERE if role == "district" else None)
        for scope, (_told, can) in SCOPES.items():
            with transaction(engine) as conn:
                user = users.find(conn, f"r-{role}")[0]
                facts = {"name": "x", "scopes": [scope], "days": 1, "actor": "test", "at": clock()}
                if may(role, can):
                    assert make(conn, user, **facts)
                else:
                    with pytest.raises(TokenRefused):
                        make(conn, user, **facts)


def test_an_account_has_so_many_tokens_at_most(seat, engine, clock, desk):
    seat("wang", "inspector")
    mint = minting(desk, user_id(engine, "wang"))
    for _ in range(MOST):
        mint()
    with pytest.raises(TokenRefused):
        mint()
    clock.forward(days=91)
    assert mint()


def test_hostile_names_stay_text(account, engine):
    person = account()
    for name in hostile.strings()[::60]:
        if not any("\ud800" <= one <= "\udfff" for one in name):  # no form can send that
            made_on_page(person, name=name[:40])
    page = person.get("/settings/tokens").text
    with transaction(engine) as conn:
        stored = list(conn.execute(select(tables.api_tokens.c.name)).scalars())
    assert len(stored) > 5 and all(name.isprintable() for name in stored)
    marks = [name for name in stored if "<" in name]
    assert marks and not [name for name in marks if name in page]


# --- what a token opens -----------------------------------------------------------------------------------------------


def test_each_scope_opens_its_own_and_nothing_else(seat, engine, desk, leads, intake):
    person = seat("ke", "head")
    with transaction(engine) as conn:
        file = conn.execute(select(tables.capture_files.c.id).limit(1)).scalar_one()
    lead = f"/api/v1/leads/{leads[0]}"
    asked = {
        Scope.READ: ("GET", lead, {}),
        Scope.EVIDENCE: ("GET", f"{lead}/evidence/{file}", {}),
        Scope.UNMASK: ("POST", f"{lead}/unmasked", {"json": {"occasion": "核实身份"}}),
        Scope.EXPORT: ("POST", "/api/v1/exports", {"json": {"kind": "csv"}}),
        Scope.INTAKE: ("POST", "/api/v1/intake", {"data": {"source": "投诉举报", "text": "x"}}),
        Scope.SCREEN: ("POST", f"{lead}/screening", {"json": {"action": "待研判", "version": 1}}),
    }
    assert set(asked) == set(Scope)
    for scope in Scope:
        secret = minting(desk, user_id(engine, "ke"), (scope,))()
        for other, (method, where, more) in asked.items():
            if other is not scope:
                answer = person.call(method, where, bearer=secret, **more)
                assert (answer.status_code, answer.json()["code"]) == (403, "E-API-005"), (scope, other)
                assert answer.json()["detail"] == other and "insufficient_scope" in answer.headers["www-authenticate"]
        method, where, more = asked[scope]
        assert person.call(method, where, bearer=secret, **more).status_code in (200, 201), scope
    only_export = minting(desk, user_id(engine, "ke"), ("export",))()
    sent = {"kind": "csv", "unmasked": True, "why": "移送公安附卷"}
    assert person.call("POST", "/api/v1/exports", bearer=only_export, json=sent).status_code == 403


def test_a_smaller_role_makes_its_tokens_smaller_at_once(seat, engine, leads):
    person = seat("wang", "inspector")
    sent = {"action": "待研判", "version": 1}
    assert person.call("GET", f"/api/v1/leads/{leads[1]}").status_code == 200
    with transaction(engine) as conn:
        users.set_role(conn, users.find(conn, "wang")[0].id, "district", HERE)
    assert person.call("GET", f"/api/v1/leads/{leads[1]}").status_code == 404
    assert person.call("POST", f"/api/v1/leads/{leads[0]}/screening", json=sent).status_code == 403
    assert person.call("GET", ME).json()["scopes"] == ["read", "evidence"]


def test_a_token_ends_with_its_time_its_revoking_and_its_account(seat, engine, clock):
    person, refused = seat("wang", "inspector"), []

    def asked() -> int:
        answer = person.call("GET", ME)
        if answer.status_code == 401:
            refused.append((answer.json(), answer.headers["www-authenticate"]))
        clock.forward(minutes=20)  # past any waiting
        return answer.status_code

    assert asked() == 200
    for change, back in (({"enabled": False}, {"enabled": True}), ({"must_change": True}, {"must_change": False})):
        for values, status in ((change, 401), (back, 200)):
            with transaction(engine) as conn:
                conn.execute(update(tables.users).where(tables.users.c.name == "wang").values(values))
            assert asked() == status, values
    with transaction(engine) as conn:
        number = conn.execute(select(tables.api_tokens.c.id)).scalar_one()
    admin = seat("chef", "admin")
    for _again in range(2):  # the second time does nothing more
        assert admin.post(f"/settings/tokens/{number}/revoke").status_code == 303
    assert asked() == 401 and asked() == 401
    assert [one.actor for one in audited(engine, "token.revoke")] == ["chef"]
    person.bearer = person.mint()
    assert asked() == 200
    clock.forward(days=91)
    assert asked() == 401
    unknown = person.call("GET", ME, bearer=minted())
    told = [*refused, (unknown.json(), unknown.headers["www-authenticate"])]
    assert len(told) == 6 and all(one == told[0] for one in told)  # which it is, nobody is told
    why = [one.detail["why"] for one in audited(engine, "token.refused")]
    assert why == ["disabled", "must change password", "revoked", "revoked", "expired", "unknown"]


def test_ones_own_tokens_and_nobody_elses(seat, engine, desk):
    wang, li = seat("wang", "inspector"), seat("li", "inspector")
    wang.bearer = wang.mint()
    with transaction(engine) as conn:
        number = conn.execute(select(tables.api_tokens.c.id)).scalar_one()
    assert "试验" not in li.get("/settings/tokens").text
    assert li.post(f"/settings/tokens/{number}/revoke").status_code == 404
    assert wang.call("GET", ME).status_code == 200
    assert "试验" in seat("chef", "admin").get("/settings/tokens").text
    assert wang.post(f"/settings/tokens/{number}/revoke").status_code == 303
    assert wang.call("GET", ME).status_code == 401


def test_the_last_use_is_on_record_once_a_minute(seat, engine, clock):
    person = seat("wang", "inspector")
    used = []
    for seconds in (0, 10, 61):
        clock.forward(seconds=seconds)
        assert person.call("GET", ME).status_code == 200
        with transaction(engine) as conn:
            used.append(conn.execute(select(tables.api_tokens.c.last_used_at)).scalar_one())
    assert used[0] == used[1] and used[2] - used[0] == timedelta(seconds=71)


# --- nothing else opens it --------------------------------------------------------------------------------------------


def test_a_session_opens_no_api_and_a_token_no_page(account, leads):
    person = account()
    assert person.get("/review").status_code == 200
    for path in (ME, "/api/v1/leads", f"/api/v1/leads/{leads[0]}", "/api/v1/nothing", "/api"):
        answer = person.get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "E-API-001"), path
        assert answer.headers["www-authenticate"] == 'Bearer realm="xunwang"' and "set-cookie" not in answer.headers
    sent = {"action": "转核查", "version": 1}
    forged = person.http.post(f"/api/v1/leads/{leads[0]}/screening", json=sent, headers={"X-CSRF-Token": person.token})
    assert forged.status_code == 401
    assert person.call("GET", "/review").status_code == 303
    both = person.http.get(ME, headers={"Authorization": f"Bearer {minted()}"})
    assert both.status_code == 401  # the cookie beside it is not looked at


def test_the_demo_signs_nobody_in_here(desk, browser, engine, clock):
    with transaction(engine) as conn:
        add_demo_user(conn, clock())
    visitor = browser(demo=True, address="127.0.0.1")
    assert visitor.get(ME).status_code == 401 and "set-cookie" not in visitor.get(ME).headers
    assert visitor.get("/settings/tokens").status_code == 200
    visitor.token = re.search(r'name="csrf_token" value="([^"]+)"', visitor.get("/settings/tokens").text)[1]
    secret = shown_on(made_on_page(visitor, password="").text)  # the demo's user has no password to give
    assert visitor.call("GET", ME, bearer=secret).json()["account"] == DEMO_USER


@pytest.mark.parametrize(
    "query", ["access_token={}", "token={}", "q={}", "x=1&Authorization=Bearer+{}", "{}", "a=%78wk_{}"]
)
def test_a_token_in_the_address_is_refused_even_beside_a_good_one(seat, query):
    person = seat("wang", "inspector")
    person.bearer = person.mint()
    where = f"/api/v1/leads?{query.format(person.bearer.removeprefix('xwk_') if '%78' in query else person.bearer)}"
    for answer in (person.call("GET", where), person.http.get(where)):
        assert (answer.status_code, answer.json()["code"]) == (400, "E-API-004"), where
        assert person.bearer[8:] not in answer.text
    assert person.call("GET", f"/api/v1/{person.bearer}").status_code == 400


def test_only_bearer_and_only_once(seat, clock):
    person = seat("wang", "inspector")
    good = person.bearer = person.mint()
    for sent, status in (
        (f"bearer {good}", 200), (f"Bearer  {good} ", 200), (f"Basic {good}", 401), (good, 401), ("Bearer", 401),
        (f"Bearer {good}x", 401), (f"Bearer {good[:-1]}", 401), (f"Bearer {good.lower()}", 401),
        (f"Bearer {good},{good}", 401), (f"Token {good}", 401),
    ):  # fmt: skip
        assert person.call("GET", ME, headers={"Authorization": sent}).status_code == status, sent
        clock.forward(minutes=20)  # past any waiting
    twice = [("Authorization", f"Bearer {good}"), ("Authorization", f"Bearer {good}")]
    assert person.http.get(ME, headers=twice).status_code == 401


def test_guesses_are_slowed_and_lock_nobody_out(seat, engine, clock, browser):
    person, stranger = seat("wang", "inspector"), browser()
    answers = [stranger.call("GET", ME, bearer=minted()) for _ in range(200)]
    assert [one.status_code for one in answers[:4]] == [401, 401, 401, 429]
    assert all(one.status_code == 429 and int(one.headers["retry-after"]) >= 1 for one in answers[3:])
    assert len(audited(engine, "token.refused")) == 3
    assert person.call("GET", ME).status_code == 200  # from the same address
    elsewhere = browser(address="203.0.113.77")
    assert elsewhere.call("GET", ME, bearer=minted()).status_code == 401
    clock.forward(seconds=2)
    assert stranger.call("GET", ME, bearer=minted()).status_code == 401


def test_too_many_requests_wait_and_others_do_not(desk, seat, clock, engine):
    person, other = seat("wang", "inspector"), seat("li", "inspector")
    slow = create_app(replace(desk, api_per_minute=6))
    person.http.app = other.http.app = slow
    assert [person.call("GET", ME).status_code for _ in range(8)] == [200] * 6 + [429] * 2
    answer = person.call("GET", ME)
    assert answer.json()["code"] == "E-API-006" and answer.headers["retry-after"] in ("10", "11")
    assert other.call("GET", ME).status_code == 200
    clock.forward(seconds=int(answer.headers["retry-after"]))
    assert [person.call("GET", ME).status_code for _ in range(2)] == [200, 429]


def test_another_site_is_told_nothing_before_it_asks(seat):
    person = seat("wang", "inspector")
    ask = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST",
           "Access-Control-Request-Headers": "authorization"}  # fmt: skip
    answer = person.http.options("/api/v1/leads", headers=ask)
    assert answer.status_code == 401 and not [name for name in answer.headers if name.startswith("access-control")]
