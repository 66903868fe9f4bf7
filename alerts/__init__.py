"""Tells people: one digest a day, to every channel once."""

from alerts.channels import Channel, ChannelRefused, Mail, NotDelivered, Webhook, WeComRobot, deliver
from alerts.digest import Digest, make_digest, preview, stored
from alerts.message import Message
from alerts.rendering import render
from alerts.sender import Delivered, DryRun, deliver_due, dry_run, test_channel

__all__ = [
    "Channel",
    "ChannelRefused",
    "Delivered",
    "Digest",
    "DryRun",
    "Mail",
    "Message",
    "NotDelivered",
    "WeComRobot",
    "Webhook",
    "deliver",
    "deliver_due",
    "dry_run",
    "make_digest",
    "preview",
    "render",
    "stored",
    "test_channel",
]
