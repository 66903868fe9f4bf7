"""The API answers what the pages show and no more, page by page, masked, and does what the pages do."""

import base64
import hashlib
import json
import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, text, update

from console.api import reference
from console.api.acting import UnmaskingAsked
from console.reasons import OCCASIONS
from console.tokens import Scope
from console.views import Sort
from db import audit, custody, leases, tables, waking
from db.engine import transaction
from db.queue import SORTS
from tests.console import seed
from tests.console.matrix import HERE, THERE

pytestmark = pytest.mark.db

MANY = [*seed.many(25)]


def made(desk, plants) -> list[int]:
    with transaction(desk.engine) as conn:
        campaign = seed.campaign(conn)
        return [seed.lead(conn, desk.store, one, campaign, serial=at) for at, one in enumerate(plants)]


def row(engine, lead_id: int):
    with transaction(engine) as conn:
        return conn.execute(select(tables.leads).where(tables.leads.c.id == lead_id)).one()


def count(engine, table) -> int:
    with transaction(engine) as conn:
        return conn.execute(select(func.count()).select_from(table)).scalar_one()


# --- reading ----------------------------------------------------------------------------------------------------------


def pages(caller, query: str, each=lambda: None) -> list[int]:
    """Ids of all pages behind one another, by the link that each names."""
    where, found = f"/api/v1/leads?{query}", []
    while where:
        answer = caller.call("GET", where)
        assert answer.status_code == 200, answer.text
        found += [one["id"] for one in answer.json()["items"]]
        link = re.fullmatch(r'<(/api/v1/leads\?[^>]+)>; rel="next"', answer.headers.get("link", ""))
        assert bool(link) is (answer.json()["next"] is not None)
        where = link[1] if link else ""
        each()
    return found


@pytest.mark.parametrize("sort", ["", "new", "hits"])
def test_the_list_is_read_page_by_page_in_the_order_of_the_queue(seat, desk, engine, sort):
    made(desk, MANY)
    with transaction(engine) as conn:
        conn.execute(text("update leads set hits = id % 3 + 1, first_seen = first_seen + id % 5 * interval '1 hour'"))
        conn.execute(text("update leads set raised_at = first_seen where id % 7 = 0"))
        order = {"": "raised_at desc nulls last, score desc, id", "new": "first_seen desc, id",
                 "hits": "hits desc, score desc, id"}[sort]  # fmt: skip
        wanted = list(conn.execute(text(f"select id from leads order by {order}")).scalars())
    assert pages(seat("leser", "analyst"), f"limit=4&sort={sort}&district=*") == wanted


def test_what_is_screened_meanwhile_moves_nobody_to_another_page(seat, desk, engine):
    made(desk, MANY)
    inspector = seat("wang", "inspector")
    taken = []

    def screen_the_first():
        first = inspector.call("GET", "/api/v1/leads?limit=1").json()["items"][0]
        sent = {"action": "待研判", "version": first["version"]}
        assert inspector.call("POST", f"/api/v1/leads/{first['id']}/screening", json=sent).status_code == 200
        taken.append(first["id"])

    read = pages(inspector, "limit=5", screen_the_first)
    assert len(read) == len(set(read)) == 25 and len(taken) == 5


@pytest.mark.parametrize(("sort", "missed"), [("", 1), ("hits", 1), ("new", 0)])
def test_what_rises_meanwhile_is_missed_in_the_orders_that_say_so_alone(seat, desk, engine, sort, missed):
    """So the reference says; the last lead of all rises past the first page once that was read."""
    made(desk, MANY)
    caller, risen = seat("leser", "analyst"), []
    last = caller.call("GET", f"/api/v1/leads?limit=25&district=*&sort={sort}").json()["items"][-1]["id"]

    def rise():
        if not risen:
            with transaction(engine) as conn:
                higher = "update leads set score = 100, hits = 99, raised_at = last_seen where id = :id"
                conn.execute(text(higher), {"id": last})
            risen.append(last)

    read = pages(caller, f"limit=5&district=*&sort={sort}", rise)
    assert len(read) == len(set(read)) == 25 - missed and (last in read) is (not missed)
    told = caller.call("GET", "/api/v1/openapi.json").json()["paths"]["/api/v1/leads"]["get"]["description"]
    assert "可能漏掉；sort=new 不会" in told


def test_filters_are_those_of_the_queue(seat, leads):
    caller = seat("leser", "analyst")
    for query, wanted in (
        ("", 4), ("district=*", 5), ("district=外地", 1), ("category=ivory", 1), ("platform=demo_ads", 2),
        ("level=review", 1), ("min=85", 2), ("price_to=100", 1), ("q=犀角", 1), ("from=2026-11-24", 0),
        ("state=核查中", 0), ("all_states=true&district=*", 5),
    ):  # fmt: skip
        assert len(caller.call("GET", f"/api/v1/leads?{query}").json()["items"]) == wanted, query
    counted = caller.call("GET", "/api/v1/leads/counts?district=*").json()
    assert counted["levels"] == {"high": 4, "review": 1} and counted["districts"]["滕州市"] == 1


def test_what_is_not_known_is_refused_and_said(seat, leads):
    caller = seat("leser", "analyst")
    for query, at, why in (
        ("distrct=滕州市", "query.distrct", "没有这一项"),
        ("limit=9&limit=10", "query.limit", "没有这一项"),
        ("limit=201", "query.limit", "不大于 200"),
        ("limit=viele", "query.limit", "须为整数"),
        ("state=offen", "query.state", "只能是"),
        ("sort=up", "query.sort", "只能是"),
        ("from=gestern", "query.from", "格式不对"),
    ):
        answer = caller.call("GET", f"/api/v1/leads?{query}")
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), query
        told = answer.json()
        assert told["code"] == "E-API-008" and told["status"] == 422
        assert told["errors"][0]["at"] == at and why in told["errors"][0]["why"], (query, told)
    english = caller.call("GET", "/api/v1/leads?limit=201", headers={"Accept-Language": "en-GB,zh;q=0.5"}).json()
    assert english["errors"][0]["why"] == "must not be more than 200" and "Parameters" in english["title"]


@pytest.mark.parametrize(
    "cursor",
    ["x", "AAAA", "W10", "%00", "é", "null", *(base64.urlsafe_b64encode(json.dumps(one).encode()).decode() for one in (
        ["", 1, 2, 3], ["new", "2026-11-23T00:00:00+00:00", 1], ["", "2026-11-23T00:00:00", 1, 2], ["", "x", 1, 2],
        ["", "2026-11-23T00:00:00+00:00", 1e9, 2], ["", "2026-11-23T00:00:00+00:00", 1, 2**70], {"a": 1}, 7,
        ["", "2026-11-23T00:00:00+00:00", True, 2], [["", ""], 1],
    ))],
)  # fmt: skip
def test_a_cursor_that_is_none_of_ours_is_refused(seat, leads, cursor):
    answer = seat("leser", "analyst").call("GET", "/api/v1/leads", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (400, "E-API-013"), answer.text


def test_a_lead_says_why_and_what_is_kept(seat, desk, leads, engine):
    caller = seat("leser", "analyst")
    answer = caller.call("GET", f"/api/v1/leads/{leads[0]}")
    lead = answer.json()
    assert answer.headers["etag"] == '"1"' and lead["version"] == 1
    assert lead["seller"] == lead["seller_info"]["name"] == "示***" and "示例卖家97" not in answer.text
    assert len(lead["hits_shown"]) == lead["hits"] == 6
    hit = lead["hits_shown"][0]
    assert hit["price"] == "6243.00" and hit["first_seen"] == "2026-11-23T02:14:07+08:00"
    judged = hit["assessment"]
    assert sum(part["points"] for part in judged["parts"]) == judged["score"] == 92
    for match in judged["matches"]:
        assert hit[match["field"]][match["start"] : match["end"]] == match["surface"]
    assert [match["counts"] for match in judged["matches"]] == [True, True, False]
    for file in hit["evidence"]["files"]:
        got = caller.call("GET", file["url"])
        assert hashlib.sha256(got.content).hexdigest() == file["sha256"] and len(got.content) == file["size"]
        said = got.headers["repr-digest"].removeprefix("sha-256=:").removesuffix(":")
        assert base64.b64decode(said).hex() == file["sha256"]
        assert got.headers["content-security-policy"] == "default-src 'none'; sandbox"
    with transaction(engine) as conn:
        downloads = conn.execute(select(tables.custody).order_by(tables.custody.c.seq)).all()
        token = conn.execute(select(tables.api_tokens.c.id)).scalar_one()
        assert custody.verify(conn).sound
    assert [one.detail["sha256"] for one in downloads] == [file["sha256"] for file in hit["evidence"]["files"]]
    assert {one.actor for one in downloads} == {f"leser#{token}"}


@pytest.mark.parametrize("why", waking.Why)
def test_a_lead_that_came_back_says_when_and_why(seat, engine, leads, why):
    """Any waking puts it in front, not being on sale again alone, and the reference names every reason."""
    caller = seat("leser", "analyst")
    with transaction(engine) as conn:
        conn.execute(update(tables.leads).where(tables.leads.c.id == leads[1]).values(state="待研判"))
        moment = conn.execute(select(tables.leads.c.first_seen)).scalars().first() + timedelta(hours=1)
        assert waking.wake(conn, [leads[1]], why, moment) == [leads[1]]
    first, second = caller.call("GET", "/api/v1/leads").json()["items"][:2]
    assert (first["id"], first["raised_why"], second["raised_why"]) == (leads[1], why.value, "")
    assert datetime.fromisoformat(first["raised_at"]) == moment and second["raised_at"] is None
    assert caller.call("GET", f"/api/v1/leads/{leads[1]}").json()["raised_why"] == why.value
    fields = caller.call("GET", "/api/v1/openapi.json").json()["components"]["schemas"]["LeadLine"]["properties"]
    assert why.value in fields["raised_why"]["description"] and "再次上架" not in fields["raised_at"]["description"]


def test_personal_data_are_starred_at_the_same_length(seat, desk, engine):
    title, telephone = "象牙手串 电话13812348000 微信tiger2020", "13812348000"
    [lead_id] = made(desk, [seed.Plant(title=title, description=f"加 {telephone}", seller="王小明", place=telephone)])
    with transaction(engine) as conn:
        conn.execute(text("update sellers set url = 'https://market.example/u/wangxiaoming'"))
        listing, seller = conn.execute(text("select l.id, l.seller_id from listings l")).one()
    caller = seat("wang", "inspector")
    for path in (f"leads/{lead_id}", "leads", "search?q=象牙", f"listings/{listing}", f"sellers/{seller}"):
        answer = caller.call("GET", f"/api/v1/{path}")
        assert answer.status_code == 200 and telephone not in answer.text and "tiger2020" not in answer.text, path
        assert "王小明" not in answer.text and "wangxiaoming" not in answer.text, path
    hit = caller.call("GET", f"/api/v1/leads/{lead_id}").json()["hits_shown"][0]
    assert hit["title"] == "象牙手串 电话138****8000 微信ti*******" and len(hit["title"]) == len(title)


def test_nothing_is_shown_unmasked_but_for_a_reason_on_record(seat, engine, leads):
    caller = seat("wang", "inspector")
    where = f"/api/v1/leads/{leads[0]}/unmasked"
    for sent, status in (({}, 422), ({"occasion": "看看"}, 422), ({"occasion": "其他"}, 400)):
        answer = caller.call("POST", where, json=sent)
        assert answer.status_code == status and "示例卖家97" not in answer.text, sent
    assert count(engine, tables.custody) == 0
    answer = caller.call("POST", where, json={"occasion": "其他", "why": "移送公安附卷"})
    assert answer.json()["seller"] == "示例卖家97"
    with transaction(engine) as conn:
        newest = conn.execute(select(tables.audit).order_by(tables.audit.c.seq.desc()).limit(1)).one()
        assert audit.verify(conn).sound and custody.verify(conn).sound
    assert newest.action == "lead.unmask" and newest.detail == {"unmasked": "其他: 移送公安附卷"}
    assert newest.actor.startswith("wang#") and count(engine, tables.custody) == 1
    assert "示例卖家97" not in caller.call("GET", f"/api/v1/leads/{leads[0]}").text  # this once
    assert "示例卖家97" not in caller.get(f"/leads/{leads[0]}").text


def test_a_look_on_the_page_does_not_lift_the_veil_for_programs(seat, leads):
    person = seat("wang", "inspector")
    assert person.post(f"/leads/{leads[0]}/unmask", {"occasion": "核实身份"}).status_code == 303
    assert "示例卖家97" in person.get(f"/leads/{leads[0]}").text
    assert "示例卖家97" not in person.call("GET", f"/api/v1/leads/{leads[0]}").text


def test_words_that_are_said_twice_are_the_same(seat):
    assert UnmaskingAsked.model_json_schema()["properties"]["occasion"]["enum"] == list(OCCASIONS)
    assert set(Sort.__args__) == set(SORTS)


# --- districts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["inspector", "district"])
def test_another_district_is_not_counted_nor_found(seat, leads, engine, role):
    """The lead of district A has 6 of the 11 hits; B asks for everything in every way."""
    here, there = seat("hier", role, HERE), seat("fremd", role, THERE)
    with transaction(engine) as conn:
        campaign = conn.execute(select(tables.campaigns.c.id)).scalar_one()

    def seen(caller) -> tuple:
        said = {name: caller.call("GET", f"/api/v1/{path}").json() for name, path in {
            "leads": "leads?district=*&all_states=true", "search": "search?q=象牙", "all": "search?q=老",
            "counts": "leads/counts?district=*", "figures": f"campaigns/{campaign}/statistics",
            "named": "leads?district=滕州市", "words": "leads?q=示例卖家97",
        }.items()}  # fmt: skip
        figures = said["figures"]
        return (
            [one["district"] for one in said["leads"]["items"]],
            {one["title"] for name in ("search", "all") for one in said[name]["items"]},
            said["counts"]["districts"],
            (figures["leads"], figures["hits"], figures["listings"], len(figures["leads_by"])),
            len(said["named"]["items"]) + len(said["words"]["items"]),
        )

    assert seen(here) == (["滕州市"], {"老料手串 象牙 私聊"}, {"滕州市": 1}, (1, 6, 6, 1), 2)
    assert seen(there) == (["薛城区"], {"犀角杯 老物件 收藏级 懂的来"}, {"薛城区": 1}, (1, 2, 2, 1), 0)
    cursor = here.call("GET", "/api/v1/leads?limit=1&district=*").json()["next"]
    assert cursor is None
    city = seat("stadt", "head").call("GET", f"/api/v1/campaigns/{campaign}/statistics").json()
    assert (city["leads"], city["hits"], city["listings"]) == (5, 11, 11)


def test_a_cursor_of_the_city_opens_nothing_in_a_district(seat, leads):
    cursor = seat("stadt", "head").call("GET", "/api/v1/leads?limit=1&district=*").json()["next"]
    found = seat("fremd", "inspector", THERE).call("GET", f"/api/v1/leads?district=*&cursor={cursor}").json()
    assert [one["district"] for one in found["items"]] == ["薛城区"]


# --- screening --------------------------------------------------------------------------------------------------------


def test_a_lead_is_screened_in_the_name_of_the_account(seat, engine, leads):
    caller = seat("wang", "inspector")
    where = f"/api/v1/leads/{leads[0]}/screening"
    read = caller.call("GET", f"/api/v1/leads/{leads[0]}")
    answer = caller.call("POST", where, json={"action": "转核查"}, headers={"If-Match": read.headers["etag"]})
    assert answer.json() == {"lead_id": leads[0], "state": "核查中", "number": "XS-2026-1123-0001", "version": 2}
    assert answer.headers["etag"] == '"2"' and row(engine, leads[0]).state == "核查中"
    with transaction(engine) as conn:
        newest = conn.execute(select(tables.audit).order_by(tables.audit.c.seq.desc()).limit(1)).one()
        by = conn.execute(select(tables.users.c.name).where(tables.users.c.id == row(engine, leads[0]).screened_by))
        assert by.scalar_one() == "wang" and audit.verify(conn).sound
    assert newest.action == "lead.keep" and re.fullmatch(r"wang#\d+", newest.actor)
    found = seat("pruefer", "auditor").get("/settings/audit?who=wang").text
    assert newest.actor in found
    assert caller.key("/review/undo").status_code == 200  # a person takes back what the token did
    assert row(engine, leads[0]).state == "疑似"


def test_a_stale_version_changes_nothing(seat, engine, leads):
    caller = seat("wang", "inspector")
    where = f"/api/v1/leads/{leads[0]}/screening"
    for headers, sent, status, code in (
        ({}, {}, 428, "E-API-011"),
        ({"If-Match": '"7"'}, {}, 412, "E-API-012"),
        ({}, {"version": 7}, 409, "E-DB-401"),
        ({"If-Match": "*"}, {}, 422, "E-API-008"),
        ({"If-Match": 'W/"1"'}, {}, 422, "E-API-008"),
        ({"If-Match": '"1"'}, {"reason": "重复"}, 422, "E-API-008"),
        ({"If-Match": '"1"'}, {"action": "排除"}, 422, "E-API-008"),
        ({"If-Match": '"1"'}, {"action": "排除", "reason": "其他"}, 400, "E-CONSOLE-021"),
        ({"If-Match": '"1"'}, {"action": "属实"}, 422, "E-API-008"),
        ({"If-Match": '"1"'}, {"verdict": "属实"}, 422, "E-API-008"),
    ):
        answer = caller.call("POST", where, json={"action": "转核查", **sent}, headers=headers)
        assert answer.status_code == status, (headers, sent, answer.text)
        assert status == 409 or answer.json()["code"] == code, (headers, sent, answer.text)
    assert row(engine, leads[0]).version == 1 and count(engine, tables.screenings) == 0


def test_what_somebody_else_has_open_is_left_alone(seat, engine, leads, clock):
    person, caller = seat("li", "inspector"), seat("wang", "inspector")
    assert person.get(f"/review?lead={leads[0]}").status_code == 200
    where, sent = f"/api/v1/leads/{leads[0]}/screening", {"action": "转核查", "version": 1}
    refused = caller.call("POST", where, json=sent)
    assert (refused.status_code, refused.json()["code"]) == (409, "E-CONSOLE-022")
    clock.forward(minutes=16)
    assert caller.call("POST", where, json=sent).status_code == 200


def test_a_program_takes_no_lead_out_of_its_own_persons_hands(seat, engine, leads, clock):
    person = seat("wang", "inspector")
    assert person.get(f"/review?lead={leads[0]}").status_code == 200
    sent = {"action": "待研判", "version": 1}
    assert person.call("POST", f"/api/v1/leads/{leads[1]}/screening", json=sent).status_code == 200
    with transaction(engine) as conn:
        assert set(leases.held(conn, leads, clock())) == {leads[0]}


def test_a_request_that_comes_again_with_its_key_is_done_once(seat, engine, leads, clock):
    caller = seat("wang", "inspector", HERE)
    where, key = f"/api/v1/leads/{leads[0]}/screening", {"Idempotency-Key": "nacht-17"}
    sent = {"action": "转核查", "version": 1}
    first = caller.call("POST", where, json=sent, headers=key)
    again = caller.call("POST", where, json=sent, headers=key)
    assert first.status_code == again.status_code == 200 and first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true" and "idempotent-replayed" not in first.headers
    assert count(engine, tables.screenings) == 1
    other = caller.call("POST", where, json={"action": "待研判", "version": 2}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "E-DB-060")
    assert seat("li", "inspector").call("POST", where, json=sent, headers=key).status_code == 409  # a key of one's own
    with transaction(engine) as conn:
        conn.execute(update(tables.leads).values(district="薛城区"))
    assert caller.call("POST", where, json=sent, headers=key).status_code == 404  # no longer its to see
    with transaction(engine) as conn:
        conn.execute(update(tables.leads).values(district="滕州市"))
    clock.forward(hours=25)
    assert caller.call("POST", where, json=sent, headers=key).status_code == 409  # forgotten: stale, and not done again
    assert caller.call("POST", where, json=sent, headers={"Idempotency-Key": "a b"}).status_code == 422


def test_a_refused_request_leaves_its_key_free(seat, engine, leads):
    caller, key = seat("wang", "inspector"), {"Idempotency-Key": "k"}
    where = f"/api/v1/leads/{leads[0]}/screening"
    assert caller.call("POST", where, json={"action": "转核查", "version": 9}, headers=key).status_code == 409
    assert caller.call("POST", where, json={"action": "转核查", "version": 1}, headers=key).status_code == 200


# --- bringing in and taking along -------------------------------------------------------------------------------------


def test_a_lead_is_brought_in_once(seat, intake, engine):
    intake.answer = [7]
    caller = seat("wang", "inspector")
    sent = {"source": "投诉举报", "text": "https://market.example/item/9", "note": "12315 单号 1"}
    files = {"screenshot": ("a.png", seed.picture(8, 8), "image/png")}
    key = {"Idempotency-Key": "12315-1"}
    for _again in range(2):
        answer = caller.call("POST", "/api/v1/intake", data=sent, files=files, headers=key)
        assert (answer.status_code, answer.json()) == (201, {"lead_ids": [7]}), answer.text
    [taken] = intake.taken
    assert re.fullmatch(r"wang#\d+", taken.brought_by) and taken.screenshot == seed.picture(8, 8)
    assert caller.call("POST", "/api/v1/intake", data={**sent, "note": "y"}, headers=key).status_code == 422
    assert len(intake.taken) == 1


def test_a_submission_that_cannot_be_used_is_refused_in_words(seat, intake):
    caller = seat("wang", "inspector")
    key = {"Idempotency-Key": "k"}
    for sent, files, status in (
        ({"source": "投诉举报"}, None, 400),
        ({"source": "定向监测", "text": "x"}, None, 422),
        ({"text": "x"}, None, 422),
        ({"source": "投诉举报"}, {"screenshot": ("a.png", b"<script>", "image/png")}, 400),
        ({"source": "投诉举报"}, {"saved_page": ("a.exe", b"MZ", "text/html")}, 400),
    ):
        answer = caller.call("POST", "/api/v1/intake", data=sent, files=files, headers=key)
        assert answer.status_code == status and answer.json()["remedy"], (sent, answer.text)
    assert intake.taken == []
    good = {"source": "投诉举报", "text": "x"}
    assert caller.call("POST", "/api/v1/intake", data=good, headers=key).status_code == 201  # the key stayed free


def test_an_intake_that_was_cut_off_is_not_done_twice(seat, intake, monkeypatch):
    caller, key = seat("wang", "inspector"), {"Idempotency-Key": "k"}
    sent = {"source": "投诉举报", "text": "x"}

    def dies(*_given):
        raise RuntimeError("the machine went away")

    with monkeypatch.context() as patched:
        patched.setattr(type(intake), "__call__", dies)
        assert caller.call("POST", "/api/v1/intake", data=sent, headers=key).status_code == 500
    again = caller.call("POST", "/api/v1/intake", data=sent, headers=key)
    assert (again.status_code, again.json()["code"]) == (409, "E-DB-061") and intake.taken == []


def test_lists_go_out_masked_and_on_record(seat, engine, leads):
    caller = seat("ke", "head")
    masked = caller.call("POST", "/api/v1/exports", json={"kind": "csv"})
    assert masked.status_code == 200 and "示例卖家97" not in masked.text and "老料手串" in masked.text
    assert caller.call("POST", "/api/v1/exports", json={"kind": "csv", "unmasked": True}).status_code == 400
    bare = caller.call("POST", "/api/v1/exports", json={"kind": "csv", "unmasked": True, "why": "移送公安附卷"})
    assert "示例卖家97" in bare.text
    with transaction(engine) as conn:
        told = conn.execute(select(tables.audit).where(tables.audit.c.action.like("lead.export%"))).all()
    assert [(one.action, one.actor.partition("#")[0]) for one in told] == [
        ("lead.export", "ke"), ("lead.export.unmasked", "ke"),
    ]  # fmt: skip


# --- the rest ---------------------------------------------------------------------------------------------------------


def test_the_night_the_scans_and_the_words(seat, leads, desk):
    caller = seat("leser", "analyst")
    night = caller.call("GET", "/api/v1/coverage").json()
    scan = caller.call("GET", f"/api/v1/scans/{night['scan_id']}").json()
    assert len(scan["queries"]) == sum(scan["outcomes"].values()) == 10
    assert caller.call("GET", "/api/v1/scans").json()["items"][0]["id"] == scan["id"]
    assert caller.call("GET", "/api/v1/scans/999").status_code == 404
    words = caller.call("GET", "/api/v1/vocabulary").json()
    assert words["platforms"] == dict(desk.platforms) and "滕州市" in words["districts"]
    me = caller.call("GET", "/api/v1/me").json()
    assert (me["account"], me["role_name"], me["scopes"]) == ("leser", "词库员", ["read", "evidence"])
    assert caller.call("GET", "/api/v1/lexicon").json() == {"live": "", "items": []}


def test_contacts_that_the_patrol_looks_for_are_masked(seat, leads, engine):
    with transaction(engine) as conn:
        conn.execute(text('update scans set options = \'{"extra": {"13812348000": "phone"}}\''))
        conn.execute(text("update queries set text = '13812348000' where platform = 'demo_shop'"))
        scan = conn.execute(text("select id from scans")).scalar_one()
    answer = seat("leser", "analyst").call("GET", f"/api/v1/scans/{scan}")
    assert "13812348000" not in answer.text and "138****8000" in answer.text


def test_the_description_is_whole_and_its_examples_are_answers(seat, leads, desk):
    caller = seat("wang", "inspector")
    told = caller.call("GET", "/api/v1/openapi.json").json()
    assert told["openapi"].startswith("3.1")
    operations = [(method, path, one) for path, ways in told["paths"].items() for method, one in ways.items()]
    assert len(operations) == 20 and len({one["operationId"] for _m, _p, one in operations}) == 20
    for method, path, one in operations:
        assert path.startswith("/api/v1/") and one["summary"] and one["description"], path
        [[scope]] = [ways["token"] for ways in one["security"]]
        assert scope in list(Scope) and {"401", "403", "422", "429"} <= set(one["responses"]), path
        assert ("404" in one["responses"]) is ("{" in path)
        for parameter in one.get("parameters", ()):
            assert parameter["description"], (path, parameter)
        del method
    for name, schema in told["components"]["schemas"].items():
        for field, one in schema.get("properties", {}).items():
            assert one.get("description"), (name, field)
    refs = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(told)))
    assert refs <= set(told["components"]["schemas"])
    example = told["paths"]["/api/v1/leads/{lead_id}"]["get"]["responses"]["200"]["content"]["application/json"]
    real = caller.call("GET", f"/api/v1/leads/{leads[0]}").json()
    assert _shape(example["example"]) == _shape(real)
    english = caller.call("GET", "/api/v1/openapi.json", headers={"Accept-Language": "en"}).json()
    prose = [one["description"] for ways in english["paths"].values() for one in ways.values()]
    assert not [one for one in prose if re.search("[一-鿿]", one)]


def _shape(value):
    """Names of fields, all the way down to the first of each list."""
    if isinstance(value, dict):
        return {key: _shape(one) for key, one in value.items() if key not in ("timeline", "verdicts", "dispositions")}
    return [_shape(value[0])] if isinstance(value, list) and value and isinstance(value[0], dict) else ""


def test_every_refusal_is_a_problem_as_the_description_says(seat, leads):
    caller = seat("wang", "inspector", HERE)
    required = set(reference.Problem.model_json_schema()["required"])
    for method, path, status in (
        ("GET", "/api", 404), ("GET", "/api/", 404), ("GET", "/api/v1", 404), ("GET", "/api/v2/leads", 404),
        ("GET", "/api/v1/leads/0", 404), ("GET", "/api/v1/leads/x", 404), ("GET", f"/api/v1/leads/{2**70}", 404),
        ("DELETE", "/api/v1/leads", 405), ("POST", "/api/v1/leads", 405), ("GET", f"/api/v1/leads/{leads[1]}", 404),
        ("GET", "/api/v1/search", 422), ("GET", "/api/v1/search?q=%00", 422), ("POST", "/api/v1/exports", 422),
        ("GET", "/api/v1/leads?platform=a%00b", 400), ("GET", "/api/v1/leads?q=%ff%fe", 200),
        ("GET", "/api/v1/..%2f..%2fetc/passwd", 404), ("GET", "/api/v1/leads/", 404),
    ):  # fmt: skip
        answer = caller.call(method, path)
        assert answer.status_code == status, (method, path, answer.status_code, answer.text[:200])
        if status != 200:
            assert answer.headers["content-type"] == "application/problem+json", path
            told = answer.json()
            assert required <= set(told) and told["status"] == status and told["remedy"], path
            assert told["type"] == f"urn:xunwang:problem:{told['code']}" and re.match("[一-鿿]", told["title"]), told
        assert answer.headers["cache-control"] == "no-store"
        assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert caller.call("DELETE", "/api/v1/leads").headers["allow"] == "GET"


def test_what_breaks_says_an_id_and_nothing_else(seat, leads, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("secret detail at line 7")

    monkeypatch.setattr("console.api.leads.leads_queue.page_after", broken)
    answer = seat("leser", "analyst").call("GET", "/api/v1/leads")
    assert answer.status_code == 500 and answer.json()["code"] == "E-API-099" and "secret" not in answer.text
    assert answer.json()["error_id"] == answer.headers["x-error-id"]
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b"7", b"\xff\xfe", b'{"action": "\\ud800"}', b'{"\\ud800": 1}', b'{"action": NaN}',
     b"[" * 60_000, b'{"version": ' + b"9" * 5000 + b"}", b'{"action": {"$gt": ""}}', b'{"version": 1e400}'],
)  # fmt: skip
def test_a_hostile_body_is_refused_and_nothing_breaks(seat, leads, engine, body):
    headers = {"Content-Type": "application/json"}
    answer = seat("wang", "inspector").call(
        "POST", f"/api/v1/leads/{leads[0]}/screening", content=body, headers=headers
    )
    assert answer.status_code in (400, 422) and answer.headers["content-type"] == "application/problem+json"
    assert count(engine, tables.screenings) == 0


def test_a_body_that_is_too_large_is_not_read_on(seat, leads):
    caller = seat("wang", "inspector")
    where = f"/api/v1/leads/{leads[0]}/screening"
    answer = caller.call("POST", where, content=b"x" * 70_000, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "E-API-007")


def test_moments_are_those_of_the_clock_in_china(seat, leads, clock):
    caller = seat("wang", "inspector")
    me = caller.call("GET", "/api/v1/me")
    until = clock() + timedelta(days=90)
    assert me.json()["expires_at"].endswith("+08:00")
    assert me.headers["xunwang-token-expires"].startswith(f"{until:%Y-%m-%d}")
