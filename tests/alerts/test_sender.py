"""Every digest to every channel, once; whatever a channel does, the others are served and nothing is lost."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text
from structlog.testing import capture_logs

import alerts
from alerts.channels import LOOPBACK
from alerts.sender import LEASE, pause
from db.engine import connect
from tests.alerts.stubs import OK, Postbox, robot
from tests.papers import MORNING, Item, add_leads, add_scan, furnish, scalar
from tests.ports import free_port

pytestmark = pytest.mark.db
URL = "https://xunwang.unit.test"


@pytest.fixture
def digest(engine: Engine) -> alerts.Digest:
    campaign = furnish(engine)
    add_scan(engine, {"demo_ads": ["searched"]})
    add_leads(engine, campaign, [Item(level="high"), Item()])
    made = alerts.make_digest(engine, now=MORNING, console_url=URL)
    assert made is not None
    return made


def wecom(url: str, name: str = "群", **more: object) -> alerts.WeComRobot:
    return alerts.WeComRobot(name=name, url=url, allow_loopback=True, **more)


def rows(engine: Engine) -> list[tuple]:
    with engine.begin() as conn:
        return [
            tuple(row) for row in conn.execute(text("select channel, status, attempts from deliveries order by id"))
        ]


def test_all_channels_get_the_same_digest_once(engine: Engine, digest: alerts.Digest) -> None:
    with robot() as (stub, url), robot(204) as (hook, hook_url), Postbox() as box:
        channels = [
            wecom(url),
            alerts.Webhook(name="局", url=hook_url, hosts=frozenset(), allow_loopback=True),
            alerts.Mail(
                name="邮",
                host="127.0.0.1",
                internal=LOOPBACK,
                port=box.port,
                security="none",
                sender="x@u.test",
                recipients=("a@u.test",),
            ),
        ]
        ended = alerts.deliver_due(engine, channels, now=MORNING)
        again = alerts.deliver_due(engine, channels, now=MORNING + timedelta(hours=1))
    assert [one.ok for one in ended] == [True, True, True]
    assert again == []
    assert (len(stub.bodies), len(hook.bodies), len(box.mails)) == (1, 1, 1)
    leads = scalar(engine, "select count(*) from leads")
    assert hook.bodies[0]["counts"]["leads_new"] == leads == 2
    assert f"新线索 **{leads}** 条" in stub.bodies[0]["markdown"]["content"]


@pytest.mark.parametrize("answer", [{"errcode": 45009}, 500, "drop"], ids=str)
def test_what_was_not_taken_is_tried_again_until_it_is(engine: Engine, digest: alerts.Digest, answer: object) -> None:
    with robot(answer, answer, OK) as (stub, url):
        first = alerts.deliver_due(engine, [wecom(url)], now=MORNING)
        assert [(one.ok, one.attempt, one.next_at) for one in first] == [(False, 1, MORNING + timedelta(minutes=1))]
        assert alerts.deliver_due(engine, [wecom(url)], now=MORNING + timedelta(seconds=59)) == []
        second = alerts.deliver_due(engine, [wecom(url)], now=MORNING + timedelta(minutes=1))
        assert [(one.ok, one.next_at) for one in second] == [(False, MORNING + timedelta(minutes=3))]
        third = alerts.deliver_due(engine, [wecom(url)], now=MORNING + timedelta(minutes=3))
        assert [(one.ok, one.attempt) for one in third] == [(True, 3)]
        assert alerts.deliver_due(engine, [wecom(url)], now=MORNING + timedelta(hours=3)) == []
    assert len(stub.bodies) == 3
    assert len({str(body) for body in stub.bodies}) == 1, "every attempt says the same, date included"
    assert rows(engine) == [("群", "sent", 3)]


def test_one_bad_channel_does_not_keep_the_others_waiting(engine: Engine, digest: alerts.Digest) -> None:
    with robot() as (stub, url):
        dead = wecom(f"http://127.0.0.1:{free_port()}/?key=CANARY", name="坏")
        with capture_logs() as logs:
            ended = alerts.deliver_due(engine, [dead, wecom(url)], now=MORNING)
    assert {one.channel: one.ok for one in ended} == {"坏": False, "群": True}
    assert len(stub.bodies) == 1
    assert "CANARY" not in str(logs) + str(ended) + str(scalar(engine, "select string_agg(error, ' ') from deliveries"))


def test_the_fence_holds_what_nobody_foresaw(
    engine: Engine, digest: alerts.Digest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def burst(*_: object) -> str:
        raise KeyError("key=CANARY")

    monkeypatch.setattr("alerts.sender.deliver", burst)
    (ended,) = alerts.deliver_due(engine, [wecom("http://127.0.0.1:9/")], now=MORNING)
    assert (ended.ok, ended.note) == (False, "群: KeyError")


def test_pauses_double_up_to_a_quarter_of_an_hour() -> None:
    assert [pause(n).total_seconds() / 60 for n in (1, 2, 3, 4, 5, 6, 500)] == [1, 2, 4, 8, 15, 15, 15]


def test_after_three_days_it_is_given_up_and_said(engine: Engine, digest: alerts.Digest) -> None:
    with robot(*[500] * 400) as (stub, url):
        moment, tries = MORNING, 0
        with capture_logs() as logs:
            while tries < 400:
                ended = alerts.deliver_due(engine, [wecom(url)], now=moment)
                tries += 1
                if not ended or ended[0].next_at is None:
                    break
                moment = ended[0].next_at
    assert rows(engine)[0][1] == "given_up"
    assert timedelta(days=2, hours=23) < moment - MORNING <= timedelta(days=3)
    assert [log["event"] for log in logs].count("delivery_given_up") == 1
    assert len(stub.bodies) == tries


def test_a_channel_that_is_no_longer_configured_is_given_up_too(engine: Engine, digest: alerts.Digest) -> None:
    with robot(500) as (_, url):
        alerts.deliver_due(engine, [wecom(url)], now=MORNING)
    with capture_logs() as logs:
        alerts.deliver_due(engine, [], now=MORNING + timedelta(days=4))
    assert rows(engine) == [("群", "given_up", 1)]
    assert logs[0]["channel"] == "群"


def test_a_new_channel_is_not_flooded_with_old_digests(engine: Engine, digest: alerts.Digest) -> None:
    for day in (1, 2):
        alerts.make_digest(engine, now=MORNING + timedelta(days=day), console_url=URL)
    with robot() as (stub, url):
        alerts.deliver_due(engine, [wecom(url)], now=MORNING + timedelta(days=2))
    assert len(stub.bodies) == 1
    assert "11月25日" in stub.bodies[0]["markdown"]["content"]


def test_two_senders_at_once_send_one_message(engine: Engine, database_url: str, digest: alerts.Digest) -> None:
    others = [connect(database_url) for _ in range(4)]
    together = threading.Barrier(4)
    ended: list[alerts.Delivered] = []

    def send(own: Engine, url: str) -> None:
        together.wait(10)
        ended.extend(alerts.deliver_due(own, [wecom(url)], now=MORNING))

    with robot() as (stub, url):
        threads = [threading.Thread(target=send, args=(own, url)) for own in others]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    for own in others:
        own.dispose()
    assert len(stub.bodies) == 1
    assert [one.ok for one in ended] == [True]


def test_two_clocks_at_once_make_one_digest(engine: Engine, database_url: str) -> None:
    campaign = furnish(engine)
    add_leads(engine, campaign, [Item(), Item()])
    others = [connect(database_url) for _ in range(4)]
    together = threading.Barrier(4)
    made: list[alerts.Digest | None] = []

    def make(own: Engine) -> None:
        together.wait(10)
        made.append(alerts.make_digest(own, now=MORNING, console_url=URL))

    threads = [threading.Thread(target=make, args=(own,)) for own in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    for own in others:
        own.dispose()
    assert sorted(one.leads_new for one in made if one) == [2]
    assert len(made) == 4


class Killed(BaseException):
    """Stands for SIGKILL: passes every fence."""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_sender_killed_on_the_way_loses_nothing(
    engine: Engine, digest: alerts.Digest, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    real = alerts.deliver

    def die(channel: alerts.Channel, message: alerts.Message) -> str:
        if moment == "after":
            real(channel, message)
        raise Killed

    with robot() as (stub, url):
        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr("alerts.sender.deliver", die)
            alerts.deliver_due(engine, [wecom(url)], now=MORNING)
        assert alerts.deliver_due(engine, [wecom(url)], now=MORNING + LEASE - timedelta(seconds=1)) == []
        (ended,) = alerts.deliver_due(engine, [wecom(url)], now=MORNING + LEASE)
    assert ended.ok
    # at least once: killed before, one message; killed after the robot took it, a second one that says the same
    assert len(stub.bodies) == (1 if moment == "before" else 2)
    assert len({str(body) for body in stub.bodies}) == 1


def test_a_late_sender_does_not_overwrite_the_one_that_took_over(engine: Engine, digest: alerts.Digest) -> None:
    from db import digests

    with engine.begin() as conn:
        digests.owe(conn, "群", since=MORNING - timedelta(days=1), now=MORNING)
        slow = digests.claim(conn, ["群"], now=MORNING, lease=LEASE)
    with engine.begin() as conn:
        second = digests.claim(conn, ["群"], now=MORNING + LEASE, lease=LEASE)
    assert slow is not None
    assert second is not None
    with engine.begin() as conn:
        assert not digests.settle_failed(conn, slow, next_at=MORNING, error="late")
        assert digests.settle_sent(conn, second, at=MORNING)
    assert rows(engine) == [("群", "sent", 2)]
