"""Delivers digests, each once to every channel as far as the channel lets us know.

A delivery is claimed and committed before anything is sent, so that two senders never try the same one; a sender
that dies after the channel took the message and before that was written leads to a second one with the same key.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import structlog

from alerts.channels import Channel, deliver
from alerts.digest import Digest
from alerts.message import Message, size
from alerts.rendering import render
from db import digests
from db.digests import Claimed
from db.engine import Engine, transaction
from records import Fault, shanghai

log = structlog.get_logger("alerts")

#: Longer than any channel may take; a dead sender's claim is free again after it.
LEASE = timedelta(minutes=5)

#: After this a message is no news any more.
GIVE_UP_AFTER = timedelta(days=3)

_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivered:
    """How one attempt ended."""

    channel: str
    for_date: date
    #: True where the channel itself said that it took it.
    ok: bool
    #: Number of the attempt, from 1.
    attempt: int
    #: Why it failed, or a remark of the channel; never an address or a key.
    note: str
    #: When it will be tried again; None when sent or given up.
    next_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class DryRun:
    """What would be sent."""

    text: str
    #: Bytes of UTF-8 of the WeCom message (limit 4,096).
    size: int
    subject: str


def deliver_due(engine: Engine, channels: Sequence[Channel], *, now: datetime) -> list[Delivered]:
    """Tries every delivery that is due at `now` once, and returns how each ended.

    Failures are tried again after 1, 2, 4, 8 and then every 15 minutes, and given up 3 days after the digest was made.
    """
    by_name = {channel.name: channel for channel in channels}
    with transaction(engine) as conn:
        for name in by_name:
            digests.owe(conn, name, since=now - GIVE_UP_AFTER, now=now)
    ended = []
    while (claimed := _claim(engine, list(by_name), now)) is not None:
        ended.append(_attempt(engine, by_name[claimed.channel], claimed, now))
    with transaction(engine) as conn:
        abandoned = digests.abandon(conn, made_before=now - GIVE_UP_AFTER, now=now)
    for channel, for_date in abandoned:
        log.error("delivery_given_up", channel=channel, digest=for_date.isoformat())
    return ended


def test_channel(channel: Channel, *, now: datetime) -> str:
    """Sends a test message; returns the channel's remark, mostly empty. Raises NotDelivered."""
    return deliver(channel, _test_message(now))


def dry_run(digest: Digest) -> DryRun:
    """What `digest` would look like in WeCom, its size, and the subject of the mail. Nothing is sent."""
    message = render(digest)
    return DryRun(text=message.markdown, size=size(message.markdown), subject=message.subject)


def pause(attempt: int) -> timedelta:
    """How long to wait after that many failures: 1, 2, 4, 8, 15, 15 … minutes."""
    doubled: timedelta = _FIRST_PAUSE * (1 << min(attempt - 1, 10))
    return min(doubled, _LONGEST_PAUSE)


def _claim(engine: Engine, names: list[str], now: datetime) -> Claimed | None:
    with transaction(engine) as conn:
        return digests.claim(conn, names, now=now, lease=LEASE)


def _attempt(engine: Engine, channel: Channel, claimed: Claimed, now: datetime) -> Delivered:
    """One delivery inside its fence: whatever goes wrong with it is its own affair, and the next one is tried."""
    try:
        note = deliver(channel, render(Digest.from_data(claimed.digest_id, claimed.content)))
    except Fault as fault:
        return _put_off(engine, claimed, fault.detail, now)
    except Exception as error:  # noqa: BLE001  fence two of two: one delivery
        # the kind alone: the text of a strange error may repeat an address with its key
        return _put_off(engine, claimed, f"{channel.name}: {type(error).__name__}", now)
    with transaction(engine) as conn:
        digests.settle_sent(conn, claimed, at=now, note=note)
    log.info("delivered", channel=channel.name, digest=claimed.for_date.isoformat(), attempt=claimed.attempt, note=note)
    return _ended(claimed, ok=True, note=note, next_at=None)


def _put_off(engine: Engine, claimed: Claimed, reason: str, now: datetime) -> Delivered:
    next_at = now + pause(claimed.attempt)
    last = next_at - claimed.made_at > GIVE_UP_AFTER
    with transaction(engine) as conn:
        digests.settle_failed(conn, claimed, next_at=None if last else next_at, error=reason)
    facts = {"channel": claimed.channel, "digest": claimed.for_date.isoformat(), "attempt": claimed.attempt}
    if last:
        log.error("delivery_given_up", reason=reason, **facts)
    else:
        log.warning("delivery_put_off", reason=reason, **facts)
    return _ended(claimed, ok=False, note=reason, next_at=None if last else next_at)


def _ended(claimed: Claimed, *, ok: bool, note: str, next_at: datetime | None) -> Delivered:
    return Delivered(
        channel=claimed.channel,
        for_date=claimed.for_date,
        ok=ok,
        attempt=claimed.attempt,
        note=note,
        next_at=next_at,
    )


def _test_message(now: datetime) -> Message:
    moment = f"{shanghai(now):%Y-%m-%d %H:%M:%S}"
    line = f"巡网测试消息：通道可用（{moment}）。无需处理。"
    return Message(
        key=f"xunwang-test-{now:%Y%m%dT%H%M%S%fZ}",
        subject=f"[测试] 巡网消息通道 {moment}",
        markdown=line,
        text=line + "\n",
        html=f'<!DOCTYPE html><html lang="zh-CN"><body><p>{line}</p></body></html>',
        data={"id": f"xunwang-test-{now:%Y%m%dT%H%M%S%fZ}", "type": "test", "text": line},
    )
