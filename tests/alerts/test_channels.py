"""The ways out, against servers that misbehave."""

import logging
import socket
from email import message_from_bytes, policy

import pytest
from structlog.testing import capture_logs

import alerts
from alerts.channels import LOOPBACK, compose
from alerts.message import Message
from tests.alerts.stubs import OK, Postbox, robot
from tests.papers import MORNING
from tests.ports import free_port

MESSAGE = Message(
    key="xunwang-digest-2026-11-23",
    subject="[监测日报] 11-23 新线索2",
    markdown="# 你好 𠮷",
    text="正文\n",
    html="<p>正文</p>",
    data={"id": "xunwang-digest-2026-11-23"},
)


def wecom(url: str, **more: object) -> alerts.WeComRobot:
    return alerts.WeComRobot(name="群", url=url, allow_loopback=True, **more)


def mail(port: int, **more: object) -> alerts.Mail:
    facts = {"sender": "xunwang@unit.test", "recipients": ("a@unit.test", "b@unit.test"), "internal": LOOPBACK} | more
    return alerts.Mail(name="邮件", host="127.0.0.1", port=port, security="none", **facts)


def test_the_robot_gets_exactly_the_markdown() -> None:
    with robot(OK) as (stub, url):
        assert alerts.deliver(wecom(url), MESSAGE) == ""
    assert stub.bodies == [{"msgtype": "markdown", "markdown": {"content": "# 你好 𠮷"}}]


@pytest.mark.parametrize(
    "answer",
    [
        {"errcode": 45009, "errmsg": "api freq out of limit"},
        {"errcode": 93000},
        {"errcode": "0"},
        {"errcode": False},
        {"ok": True},
        [],
        b"<html>ok</html>",
        b"x" * 100_000,
        500,
        302,
        "drop",
    ],
    ids=str,
)
def test_anything_but_errcode_0_is_not_delivered(answer: object) -> None:
    with robot(answer) as (stub, url), pytest.raises(alerts.NotDelivered) as caught:
        alerts.deliver(wecom(url), MESSAGE)
    assert len(stub.paths) == 1, "no redirect is followed, nothing is tried again by itself"
    assert "CANARY" not in str(caught.value)


def test_a_robot_that_never_answers_is_not_waited_for() -> None:
    with robot("hang") as (_, url), pytest.raises(alerts.NotDelivered, match="ReadTimeout"):
        alerts.deliver(wecom(url, timeout=0.3), MESSAGE)


def test_nobody_listens() -> None:
    with pytest.raises(alerts.NotDelivered, match="ConnectError"):
        alerts.deliver(wecom(f"http://127.0.0.1:{free_port()}/?key=CANARY-KEY"), MESSAGE)


def test_the_key_is_in_no_log_and_no_repr(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with robot(OK, 500) as (_, url):
        channel = wecom(url)
        alerts.deliver(channel, MESSAGE)
        with pytest.raises(alerts.NotDelivered) as caught:
            alerts.deliver(channel, MESSAGE)
    assert "CANARY" not in caplog.text + repr(channel) + repr(caught.value) + caught.value.message("en")


def test_a_webhook_takes_any_2xx_and_gets_a_key_for_repetitions() -> None:
    with robot(204) as (stub, url):
        hook = alerts.Webhook(name="局", url=url, hosts=frozenset(), token="CANARY", allow_loopback=True)
        assert alerts.deliver(hook, MESSAGE) == ""
    assert stub.headers[0]["Idempotency-Key"] == MESSAGE.key
    assert stub.headers[0]["Authorization"] == "Bearer CANARY"
    assert "CANARY" not in repr(hook)


@pytest.mark.parametrize(
    "url",
    [
        "http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1",
        "https://evil.test/send?key=1",
        "https://qyapi.weixin.qq.com.evil.test/",
        "https://qyapi.weixin.qq.com@evil.test/",
        "https://user:pw@qyapi.weixin.qq.com/",
        "https://qyapi.weixin.qq.com\\@evil.test/",
        "https://qyapi.weixin.qq.com/\r\nX: y",
        "http://127.0.0.1:1/",
        "https://127.0.0.1:1/",
        "file:///etc/passwd",
        "",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(alerts.ChannelRefused):
        alerts.WeComRobot(name="群", url=url)


def test_the_real_robot_address_is_accepted() -> None:
    assert alerts.WeComRobot(name="群", url="https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x").timeout == 15


def test_one_mail_in_two_forms() -> None:
    with Postbox() as box:
        assert alerts.deliver(mail(box.port), MESSAGE) == ""
    (raw,) = box.mails
    got = message_from_bytes(raw, policy=policy.default)
    assert got["Subject"] == MESSAGE.subject
    assert got["To"] == "a@unit.test, b@unit.test"
    assert got.get_body(("plain",)).get_content().strip() == "正文"
    assert got.get_body(("html",)).get_content().strip() == "<p>正文</p>"


def test_a_repeated_mail_has_the_same_id() -> None:
    first, second = compose(mail(1), MESSAGE), compose(mail(1), MESSAGE)
    assert first["Message-ID"] == second["Message-ID"]
    assert MESSAGE.key in first["Message-ID"]


def test_a_server_that_took_the_mail_and_then_stumbles_has_taken_it() -> None:
    with Postbox("bad_quit") as box:
        assert alerts.deliver(mail(box.port), MESSAGE) == ""
    assert len(box.mails) == 1


@pytest.mark.parametrize("fault", ["drop_at_data", "refuse_all"])
def test_a_mail_without_an_answer_is_not_delivered(fault: str) -> None:
    with Postbox(fault) as box, pytest.raises(alerts.NotDelivered) as caught:
        alerts.deliver(mail(box.port), MESSAGE)
    assert "unit.test" not in str(caught.value)


def test_a_refused_recipient_is_told_and_does_not_repeat_the_others() -> None:
    with Postbox("refuse_first") as box:
        assert alerts.deliver(mail(box.port), MESSAGE) == "1/2 个收件人被拒"


def test_no_mail_server() -> None:
    with pytest.raises(alerts.NotDelivered, match="ConnectionRefusedError"):
        alerts.deliver(mail(free_port()), MESSAGE)


def test_starttls_is_not_done_without() -> None:
    facts = {"internal": LOOPBACK, "sender": "a@b.test", "recipients": ("c@d.test",)}
    with Postbox() as box, pytest.raises(alerts.NotDelivered):
        alerts.deliver(alerts.Mail(name="m", host="127.0.0.1", port=box.port, **facts), MESSAGE)
    assert box.mails == []


@pytest.mark.parametrize(
    "facts",
    [
        {"recipients": ("a@b.test\r\nBcc: x@evil.test",)},
        {"sender": "a@b.test\nX: y"},
        {"recipients": ("a@b.test,c@d.test",)},
        {"recipients": ()},
        {"recipients": ("nobody",)},
        {"password": "secret"},
        {"timeout": 3600},
    ],
)
def test_settings_that_could_steer_a_mail_are_refused(facts: dict) -> None:
    with pytest.raises(alerts.ChannelRefused):
        mail(25, **facts)


def test_a_line_break_in_a_subject_is_refused() -> None:
    bad = Message(key="k", subject="a\r\nBcc: x@evil.test", markdown="", text="", html="", data={})
    with pytest.raises(alerts.ChannelRefused):
        compose(mail(25), bad)


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.8", "mail.local", "2130706433", "169.254.169.254", "[::1]"])
def test_a_server_of_an_internal_network_must_be_declared(host: str) -> None:
    facts = {"name": "m", "sender": "a@b.test", "recipients": ("c@d.test",), "host": host}
    with pytest.raises(alerts.ChannelRefused, match="internal_hosts"):
        alerts.Mail(**facts)
    alerts.Mail(**facts, internal=frozenset({host}))
    with pytest.raises(alerts.ChannelRefused, match="internal_hosts"):
        alerts.Webhook(name="w", url=f"https://{host}/in", hosts=frozenset({host.strip("[]")}))


def test_a_public_name_that_turns_out_internal_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts is the address at the moment of sending; the log names it, the record does not (FAULTS C9, C12)."""
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("8.8.8.8", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    facts = {"sender": "a@b.test", "recipients": ("c@d.test",), "host": "relay.unit.example"}
    channels = [
        alerts.WeComRobot(name="群", url="https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k"),
        alerts.Webhook(name="w", url="https://hook.example/in", hosts=frozenset({"hook.example"})),
        alerts.Mail(name="m", **facts),
    ]
    for channel in channels:
        with capture_logs() as logs, pytest.raises(alerts.NotDelivered) as refused:
            alerts.deliver(channel, MESSAGE)
        assert "内部网络" in str(refused.value) and "127.0.0.1" not in str(refused.value)
        assert [line["detail"] for line in logs if line["event"] == "egress_refused"] == ["127.0.0.1"]


def test_the_decided_address_is_connected_to_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that flips between two resolutions cannot send the message elsewhere: there is one resolution (C4)."""
    asked, real = [], socket.getaddrinfo

    def flips(host: str, port: int, *rest: object, **more: object) -> list:
        if host != "relay.unit":
            return real(host, port, *rest, **more)
        asked.append(host)
        return real("127.0.0.1" if len(asked) == 1 else "127.0.0.9", port, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", flips)
    facts = {"internal": frozenset({"relay.unit"}), "security": "none", "sender": "a@b.test"}
    with Postbox() as box:
        relay = alerts.Mail(name="m", host="relay.unit", port=box.port, recipients=("c@d.test",), **facts)
        alerts.deliver(relay, MESSAGE)
        assert len(box.mails) == 1 and asked == ["relay.unit"]


def test_a_test_message_goes_through_the_same_door() -> None:
    with robot({"errcode": 45009}) as (_, url), pytest.raises(alerts.NotDelivered, match="45009"):
        alerts.test_channel(wecom(url), now=MORNING)
    with robot(OK) as (stub, url):
        alerts.test_channel(wecom(url), now=MORNING)
    assert "巡网测试消息" in stub.bodies[0]["markdown"]["content"]
