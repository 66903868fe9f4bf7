"""The channels that the settings name, as alerts knows them."""

from alerts import Channel, Mail, Webhook, WeComRobot
from alerts.channels import LOOPBACK, WECOM_HOSTS
from ops.settings import Settings


def channels(settings: Settings) -> list[Channel]:
    """Every channel of the settings. Raises alerts.ChannelRefused, naming the one at fault."""
    alerts = settings.alerts
    hosts = WECOM_HOSTS | frozenset(alerts.webhook_hosts)
    loopback = alerts.allow_loopback
    internal = frozenset(host.lower() for host in alerts.internal_hosts)
    found: list[Channel] = [
        WeComRobot(
            name=one.name, url=one.url, hosts=hosts, allow_loopback=loopback, proxy=alerts.proxy, internal=internal
        )
        for one in alerts.wecom
    ]
    found += [
        Webhook(
            name=one.name,
            url=one.url,
            token=one.token,
            hosts=hosts,
            allow_loopback=loopback,
            proxy=alerts.proxy,
            internal=internal,
        )
        for one in alerts.webhook
    ]
    found += [
        Mail(
            name=one.name,
            host=one.host,
            port=one.port,
            security=one.security,
            username=one.user,
            password=one.password,
            sender=one.sender,
            recipients=one.recipients,
            internal=internal | (LOOPBACK if loopback else frozenset()),
        )
        for one in alerts.mail
    ]
    return found
