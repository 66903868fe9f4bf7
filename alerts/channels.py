"""The ways out: one function and one settings record each, all of them named in `deliver`.

Success is what the channel itself calls success: WeCom answers HTTP 200 to a message that it throws away, and says
so in `errcode` alone. Addresses of robots hold their key: no error and no log of ours ever repeats one.
"""

import json
import smtplib
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx
import structlog

from alerts.message import Message
from egress import names_inside
from egress.dialling import InternalAddress, dial
from records import Fault

log = structlog.get_logger(__name__)

#: The host of WeCom's group robots.
WECOM_HOSTS = frozenset({"qyapi.weixin.qq.com"})

#: This machine, by its usual names.
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

#: An answer longer than this is not one that we understand.
_LONGEST_ANSWER = 65_536


class ChannelRefused(Fault):
    """消息通道的设置不被接受。

    The settings of an alert channel are refused.
    """

    code = "E-ALERTS-001"
    remedy = (
        "请检查通道地址（须为 https，主机在允许名单内）和收发件人。",
        "Check the channel's address (https, host on the allow-list) and the mail addresses.",
    )
    exit_code = 2


class NotDelivered(Fault):
    """消息没有送达，将自动重试。

    The message was not delivered; it will be tried again.
    """

    code = "E-ALERTS-002"
    remedy = (
        "请检查网络和通道设置，可用 xunwang alerts test 发送测试消息。",
        "Check network and settings; `xunwang alerts test` sends a test.",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class WeComRobot:
    """企业微信群机器人."""

    #: Name in the settings; deliveries are remembered by it.
    name: str
    #: Address with its key: a secret.
    url: str = field(repr=False)
    #: Seconds for the whole exchange.
    timeout: float = 15.0
    #: Hosts that may be called.
    hosts: frozenset[str] = WECOM_HOSTS
    #: Plain HTTP to this machine: for tests and the demo alone.
    allow_loopback: bool = False
    #: Forward proxy of the unit (http://host:port); empty for none.
    proxy: str = field(default="", repr=False)
    #: Hosts that may stand in an internal network, this channel's or its proxy's: the unit's own, declared.
    internal: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        _check_address(self)


@dataclass(frozen=True, kw_only=True, slots=True)
class Webhook:
    """Any system that takes JSON by POST and answers 2xx."""

    name: str
    url: str = field(repr=False)
    #: Hosts that may be called; none unless configured.
    hosts: frozenset[str]
    #: Sent as `Authorization: Bearer …`; empty for none.
    token: str = field(default="", repr=False)
    timeout: float = 15.0
    allow_loopback: bool = False
    proxy: str = field(default="", repr=False)
    internal: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        _check_address(self)
        _check_line("token", self.token)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """One mail to all recipients, through the unit's own server."""

    name: str
    host: str
    port: int = 587
    #: starttls, tls (from the first byte) or none (loopback and closed networks).
    security: str = "starttls"
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    sender: str
    recipients: tuple[str, ...]
    timeout: float = 20.0
    internal: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        _check_timeout(self)
        _check_inside(self, self.host)
        if self.security not in ("starttls", "tls", "none"):
            raise ChannelRefused(f"{self.name}: security = {self.security!r}")
        if not self.recipients:
            raise ChannelRefused(f"{self.name}: 没有收件人")
        if self.password and self.security == "none":
            raise ChannelRefused(f"{self.name}: 不加密时不得发送口令")
        for address in (self.sender, *self.recipients):
            _check_line(self.name, address)
            if address.count("@") != 1 or not address.isascii() or any(each in address for each in " ,;<>\"'"):
                raise ChannelRefused(f"{self.name}: 邮件地址 {address!r}")


Channel = WeComRobot | Webhook | Mail


def deliver(channel: Channel, message: Message) -> str:
    """Sends `message`; returns a remark for the record, mostly empty. Raises NotDelivered where it did not arrive.

    The registry: a new kind of channel is its record above, its function below, and one line here.
    """
    match channel:
        case WeComRobot():
            return send_wecom(channel, message)
        case Webhook():
            return send_webhook(channel, message)
        case Mail():
            return send_mail(channel, message)


def send_wecom(channel: WeComRobot, message: Message) -> str:
    """Markdown to the robot. Delivered only at HTTP 200 with `errcode` 0; 45009 (too often), 93000 … are not."""
    body = {"msgtype": "markdown", "markdown": {"content": message.markdown}}
    status, answer = _post(channel, body, {})
    if status != 200:
        raise NotDelivered(f"{channel.name}: HTTP {status}")
    code = _field(answer, "errcode")
    if code != 0 or isinstance(code, bool):
        raise NotDelivered(f"{channel.name}: errcode {code if isinstance(code, int) else '?'}")
    return ""


def send_webhook(channel: Webhook, message: Message) -> str:
    """JSON by POST; any 2xx is delivered. `Idempotency-Key` is the same for every attempt at the same message."""
    headers = {"Idempotency-Key": message.key}
    if channel.token:
        headers["Authorization"] = f"Bearer {channel.token}"
    status, _ = _post(channel, message.data, headers)
    if not 200 <= status <= 299:
        raise NotDelivered(f"{channel.name}: HTTP {status}")
    return ""


def send_mail(channel: Mail, message: Message) -> str:
    """One multipart mail. Delivered once the server has taken it for at least one recipient; names how many it refused.

    The Message-ID is the same for every attempt, so that a mail taken twice shows as one where readers look for that.
    """
    mail = compose(channel, message)
    try:
        server = _connect(channel)
    except (OSError, smtplib.SMTPException) as error:
        raise NotDelivered(f"{channel.name}: {_smtp_reason(error)}") from None
    try:
        refused = server.send_message(mail, channel.sender, list(channel.recipients))
    except (OSError, smtplib.SMTPException) as error:
        raise NotDelivered(f"{channel.name}: {_smtp_reason(error)}") from None
    finally:
        # the answer to DATA decided; a server that drops the line at QUIT must not cause a second mail
        with suppress(OSError, smtplib.SMTPException):
            server.quit()
        server.close()
    return f"{len(refused)}/{len(channel.recipients)} 个收件人被拒" if refused else ""


def compose(channel: Mail, message: Message) -> EmailMessage:
    """The mail as it goes out. Raises ChannelRefused for a line break in a header."""
    for value in (message.subject, message.key):
        _check_line("subject", value)
    mail = EmailMessage()
    mail["Subject"] = message.subject
    mail["From"] = channel.sender
    mail["To"] = ", ".join(channel.recipients)
    mail["Message-ID"] = f"<{message.key}.{channel.name.encode().hex()}@{channel.sender.partition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text, cte="base64")
    mail.add_alternative(message.html, subtype="html", cte="base64")
    return mail


class _Smtp(smtplib.SMTP):
    """A client that connects to the address decided on, and still knows the server by its name."""

    def __init__(self, *where: Any, address: str, **more: Any) -> None:
        self._address = address
        super().__init__(*where, **more)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return socket.create_connection((self._address, port), timeout)


class _SmtpTls(smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""

    def __init__(self, *where: Any, address: str, **more: Any) -> None:
        self._address = address
        super().__init__(*where, **more)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        line = socket.create_connection((self._address, port), timeout)
        return self.context.wrap_socket(line, server_hostname=host)


def _connect(channel: Mail) -> smtplib.SMTP:
    context = ssl.create_default_context()
    named: dict[str, Any] = {"address": _dial(channel, channel.host, channel.port), "timeout": channel.timeout}
    if channel.security == "tls":
        server: smtplib.SMTP = _SmtpTls(channel.host, channel.port, context=context, **named)
    else:
        server = _Smtp(channel.host, channel.port, **named)
    try:
        if channel.security == "starttls":
            server.starttls(context=context)
        if channel.password:
            server.login(channel.username, channel.password)
    except (OSError, smtplib.SMTPException):
        server.close()
        raise
    return server


def _smtp_reason(error: Exception) -> str:
    """Kind and code. The server's own words may repeat addresses, so they stay out."""
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__


def _post(channel: WeComRobot | Webhook, body: Mapping[str, Any], headers: Mapping[str, str]) -> tuple[int, bytes]:
    """Status and body of the answer. No redirect is followed and no environment variable obeyed.

    Speaks through the transport: httpx.Client writes every address to the log, and this one holds the robot's key.
    """
    deadline = time.monotonic() + channel.timeout
    limit = dict.fromkeys(("connect", "read", "write", "pool"), channel.timeout)
    try:
        url, proxy = _decided(channel)
        sent = dict(headers) | {"Host": httpx.URL(channel.url).netloc.decode("ascii")}
        extensions = {"timeout": limit, "sni_hostname": httpx.URL(channel.url).host}
        request = httpx.Request("POST", url, json=body, headers=sent, extensions=extensions)
        with httpx.HTTPTransport(trust_env=False, proxy=proxy) as transport:
            response = transport.handle_request(request)
            answer = b""
            for piece in response.iter_bytes():
                answer += piece
                if len(answer) > _LONGEST_ANSWER or time.monotonic() > deadline:
                    raise NotDelivered(f"{channel.name}: 应答过长或过慢")
            return response.status_code, answer
    except (OSError, httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotDelivered(f"{channel.name}: {type(error).__name__}") from None


def _decided(channel: WeComRobot | Webhook) -> tuple[httpx.URL, httpx.Proxy | None]:
    """Where to connect, as an address: the channel's own, or its proxy's, which then finds the channel's.

    Host header and certificate stay the name's: `_post` says them.
    """
    url, proxy = httpx.URL(channel.url), httpx.URL(channel.proxy)
    if channel.proxy:
        address = _dial(channel, proxy.host, proxy.port or 80)
        return url, httpx.Proxy(proxy.copy_with(host=address))
    return url.copy_with(host=_dial(channel, url.host, url.port or 443)), None


def _dial(channel: Channel, host: str, port: int) -> str:
    """The address to connect to. Raises NotDelivered for an internal one that is not declared, OSError for none."""
    try:
        return dial(host, port, internal=_internal(channel))
    except InternalAddress as inside:
        log.warning("egress_refused", channel=channel.name, host=host, port=port, detail=str(inside))
        raise NotDelivered(f"{channel.name}: 主机在内部网络中，未经声明，没有发送") from None


def _internal(channel: Channel) -> frozenset[str]:
    loopback = not isinstance(channel, Mail) and channel.allow_loopback
    return channel.internal | (LOOPBACK if loopback else frozenset())


def _field(answer: bytes, name: str) -> object:
    """A field of a JSON object; None where the answer is anything else."""
    try:
        data = json.loads(answer)
    except ValueError:
        return None
    return data.get(name) if isinstance(data, dict) else None


def _check_address(channel: WeComRobot | Webhook) -> None:
    """Raises ChannelRefused unless the address is https to an allowed host, or to this machine where allowed."""
    _check_timeout(channel)
    _check_line(channel.name, channel.url)
    parts = urlsplit(channel.url)
    host = (parts.hostname or "").lower()
    if parts.username or parts.password or "\\" in channel.url:
        raise ChannelRefused(f"{channel.name}: 地址中不得含账号")
    if channel.allow_loopback and parts.scheme in ("http", "https") and _is_loopback(host):
        return
    if parts.scheme != "https":
        raise ChannelRefused(f"{channel.name}: 只允许 https")
    if host not in channel.hosts:
        raise ChannelRefused(f"{channel.name}: 主机不在允许名单内")
    _check_inside(channel, host)
    if channel.proxy:
        _check_inside(channel, urlsplit(channel.proxy).hostname or "")


def _check_inside(channel: Channel, host: str) -> None:
    """Raises ChannelRefused for a host that names an internal address outright and is not declared."""
    if names_inside(host) and host.lower() not in _internal(channel):
        raise ChannelRefused(f"{channel.name}: {host} 在内部网络中；本单位自己的服务器请写进 alerts.internal_hosts")


def _check_timeout(channel: Channel) -> None:
    """An exchange has to be over long before another sender may take the delivery up (alerts.sender.LEASE)."""
    if not 0 < channel.timeout <= 30:
        raise ChannelRefused(f"{channel.name}: timeout 须在 0–30 秒之间")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_line(name: str, value: str) -> None:
    if any(ord(each) < 32 or ord(each) == 127 for each in value):
        raise ChannelRefused(f"{name}: 含换行或控制字符")
