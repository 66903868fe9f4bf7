"""Accounts: made with a role and a district, switched off at once, and never the last admin."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from console import add_user, set_enabled, set_role
from console.accounts import Attempt, SignInRefused, SignInTooSoon, sign_in
from console.staff import DistrictRefused, LastAdmin, OwnAccount, UserRefused, UserUnknown
from db import audit, tables, users
from db.engine import transaction
from tests.console import seed
from tests.console.matrix import HERE, THERE

pytestmark = pytest.mark.db

AT = seed.MORNING
ONCE = re.compile(r'<code class="once">([a-z0-9-]{23})</code>')


def newest(engine, count: int = 1) -> list[tuple[str, str, dict]]:
    with transaction(engine) as conn:
        return [(row.action, row.actor, row.detail) for row in audit.newest(conn, audit.Wanted(), limit=count)]


def user(engine, name: str) -> users.User:
    with transaction(engine) as conn:
        return users.find(conn, name)[0]


def test_an_admin_makes_an_account_whose_password_is_shown_once(seat, browser, engine):
    admin = seat("chef", "admin")
    form = {"name": "liu", "role": "district", "full_name": "刘某", "district": HERE}
    made = admin.post("/settings/users", form)
    once = ONCE.search(made.text)[1]
    assert made.status_code == 200 and made.headers["cache-control"] == "no-store"
    assert once not in admin.get("/settings/users").text
    assert newest(engine) == [("user.add", "chef", {"name": "liu", "role": "district", "district": HERE})]
    assert (user(engine, "liu").district_name, user(engine, "liu").must_change) == ("滕州市", True)
    assert browser().sign_in("liu", once).status_code == 303
    listed = admin.get("/settings/users").text
    assert (
        "刘某" in listed and "待改一次性口令" in listed and f"/settings/users/{user(engine, 'liu').id}/reset" in listed
    )


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": "Liu", "role": "inspector"}, "不能建立或修改这个账号"),
        ({"name": "chef", "role": "inspector"}, "不能建立或修改这个账号"),
        ({"name": "liu", "role": "root"}, "不能建立或修改这个账号"),
        ({"name": "liu", "role": "inspector", "full_name": "刘\u202e某"}, "不能建立或修改这个账号"),
        ({"name": "liu", "role": "district"}, "没有写区（市）"),
        ({"name": "liu", "role": "auditor", "district": HERE}, "角色与区（市）不相配"),
        ({"name": "liu", "role": "inspector", "district": "370999"}, "没有“370999”"),
    ],
)
def test_what_will_not_do_is_said_and_kept_in_the_form(seat, engine, form, said):
    answer = seat("chef", "admin").post("/settings/users", form)
    assert answer.status_code == 400 and said in answer.text and f'value="{form["name"]}"' in answer.text
    assert "once" not in answer.text.partition("</style>")[2] or not ONCE.search(answer.text)
    with transaction(engine) as conn:
        assert [one.name for one in users.every(conn)] == ["chef"]


def test_a_disabled_user_is_out_with_the_next_request(seat, browser, engine):
    admin, reader = seat("chef", "admin"), seat("liu", "inspector")
    where = f"/settings/users/{user(engine, 'liu').id}/enabled"
    assert reader.get("/review").status_code == 200
    assert admin.post(where, {"enabled": "false"}).status_code == 303
    assert reader.get("/review").headers["location"].startswith("/login")
    assert "已停用" in admin.get("/settings/users").text
    assert admin.post(where, {"enabled": "true"}).status_code == 303
    assert reader.get("/review").status_code == 303  # the old session stays ended
    assert [action for action, _, _ in newest(engine, 2)] == ["user.enable", "user.disable"]


def test_another_role_or_district_ends_the_sessions_too(seat, engine):
    admin, reader = seat("chef", "admin"), seat("liu", "inspector", HERE)
    where = f"/settings/users/{user(engine, 'liu').id}/role"
    assert admin.post(where, {"role": "district"}).status_code == 400
    assert reader.get("/review").status_code == 200
    assert admin.post(where, {"role": "district", "district": THERE}).status_code == 303
    assert reader.get("/review").status_code == 303
    assert (user(engine, "liu").role, user(engine, "liu").district) == ("district", THERE)
    change = {"from": {"role": "inspector", "district": HERE}, "to": {"role": "district", "district": THERE}}
    assert newest(engine) == [("user.role", "chef", {"name": "liu", **change})]


def test_nobody_locks_the_office_out(seat, engine):
    admin, other = seat("chef", "admin"), seat("zwei", "admin")
    own = f"/settings/users/{user(engine, 'chef').id}"
    for path, form in (("enabled", {"enabled": "false"}), ("role", {"role": "inspector"}), ("reset", {})):
        assert admin.post(f"{own}/{path}", form).status_code == 409, path
    assert other.post(f"{own}/enabled", {"enabled": "false"}).status_code == 303
    changes = {"actor": "xunwang", "at": AT, "name": "zwei"}
    for refused in (
        lambda conn: set_enabled(conn, enabled=False, **changes),
        lambda conn: set_role(conn, role="head", **changes),
    ):
        with pytest.raises(LastAdmin), transaction(engine) as conn:
            refused(conn)
    assert user(engine, "zwei").enabled and user(engine, "zwei").role == "admin"
    with pytest.raises(OwnAccount), transaction(engine) as conn:
        set_role(conn, role="head", **{**changes, "actor": "zwei"})
    with pytest.raises(UserUnknown), transaction(engine) as conn:
        set_enabled(conn, enabled=False, **{**changes, "name": "niemand"})
    assert admin.get("/settings/users").status_code == 303 and other.get("/settings/users").status_code == 200
    assert other.post("/settings/users/999999/reset").status_code == 404


def test_a_change_and_its_audit_row_stand_or_fall_together(seat, engine, monkeypatch):
    admin = seat("chef", "admin")
    seat("liu", "inspector")
    where = f"/settings/users/{user(engine, 'liu').id}/enabled"

    def broken(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(audit, "record", broken)
    assert admin.post(where, {"enabled": "false"}).status_code == 500
    assert admin.post("/settings/users", {"name": "neu", "role": "head"}).status_code == 500
    assert user(engine, "liu").enabled
    with transaction(engine) as conn:
        assert users.find(conn, "neu") is None


def test_extra_fields_change_nothing(seat, engine):
    inspector = seat("liu", "inspector", HERE)
    inspector.post("/password", {"old": "x", "new": "y", "again": "y", "role": "admin", "district": ""})
    inspector.post("/review/views", {"name": "v", "user_id": "1", "role": "admin"})
    assert (user(engine, "liu").role, user(engine, "liu").district) == ("inspector", HERE)


def test_the_command_line_takes_names_of_districts_and_refuses_what_is_none(engine, desk):
    with transaction(engine) as conn:
        add_user(conn, name="liu", role="inspector", district="滕州市", actor="xunwang", at=AT)
    assert user(engine, "liu").district == HERE
    for role, district, fault in (("district", "", DistrictRefused), ("x", "", UserRefused)):
        with pytest.raises(fault), transaction(engine) as conn:
            add_user(conn, name="neu", role=role, district=district, actor="xunwang", at=AT)


def test_a_thousand_guesses_are_slowed_and_lock_nobody_out(seat, engine, monkeypatch):
    """Asked each second by one address: few are verified, and the owner gets in from another one at any time."""
    seat("wang", "inspector")
    verified = []
    monkeypatch.setattr("console.accounts._verified", lambda known, given: verified.append(given) or given == "right")
    attempt = Attempt(name="wang", password="guess", address="198.51.100.7", at=AT)
    heard = {SignInRefused: 0, SignInTooSoon: 0}
    for second in range(1_000):
        try:
            sign_in(lambda: transaction(engine), replace(attempt, at=AT + timedelta(seconds=second)))
        except (SignInRefused, SignInTooSoon) as refusal:
            heard[type(refusal)] += 1
    assert heard[SignInRefused] == len(verified) <= 20 and sum(heard.values()) == 1_000
    right = replace(attempt, password="right", at=AT + timedelta(seconds=500))
    assert sign_in(lambda: transaction(engine), replace(right, address="192.0.2.5")).visitor.user.name == "wang"
    later = replace(right, at=AT + timedelta(seconds=1_000 + 300))
    assert sign_in(lambda: transaction(engine), later).visitor.user.name == "wang"
    with transaction(engine) as conn:
        rows = conn.execute(select(tables.audit.c.action).where(tables.audit.c.action == "login.refused")).all()
    assert len(rows) == len(verified) - 2


# --- the audit, read ------------------------------------------------------------------------------------------------


def test_the_audit_is_read_by_the_auditor_newest_first(seat, engine):
    hostile = '<script>alert(1)</script>\u202e=cmd|"/c calc"'
    with transaction(engine) as conn:
        for number in range(130):
            detail = {"n": number, "text": hostile}
            audit.record(conn, actor="wang", action="lead.note", subject=f"lead:{number}", detail=detail, at=AT)
    auditor = seat("shen", "auditor")
    first = auditor.get("/settings/audit")
    assert first.status_code == 200 and "<script>alert" not in first.text and "&lt;script&gt;" in first.text
    assert first.text.index("lead:129") < first.text.index("lead:128") and "lead:20<" not in first.text
    older = re.search(r'href="(/settings/audit\?before=\d+)"', first.text)[1]
    second = auditor.get(older).text
    assert "lead:20<" in second and "lead:129<" not in second and "回到最新" in second
    one = auditor.get("/settings/audit?subject=lead:7&who=wang&action=lead.note").text
    assert one.count('<tr><td class="num">') == 1 and "写备注" in one
    for query in ("?who=niemand", "?from=2030-01-01", "?to=2020-01-01", "?subject=%00"):
        assert "没有符合条件的记录" in auditor.get(f"/settings/audit{query}").text, query
    for query in ("?from=x", "?before=-1", f"?before={2**70}", "?to=9999-12-31"):
        assert auditor.get(f"/settings/audit{query}").status_code == 400, query
