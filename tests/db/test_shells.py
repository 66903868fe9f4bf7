"""What is remembered of shells, for how long, and how it is forgotten."""

from datetime import timedelta

import pytest

from db import shells
from db.engine import Engine, transaction
from records import now

pytestmark = pytest.mark.db


def test_a_shell_is_remembered_from_then_on_until_it_is_old_or_forgotten(engine: Engine) -> None:
    at = now()
    with transaction(engine) as conn:
        assert not shells.remembered(conn, "demo_ads", since=at - timedelta(days=7))
        shells.remember(conn, "demo_ads", at - timedelta(days=8))
        assert not shells.remembered(conn, "demo_ads", since=at - timedelta(days=7))
        shells.remember(conn, "demo_ads", at)
        assert shells.remembered(conn, "demo_ads", since=at - timedelta(days=7))
        assert not shells.remembered(conn, "demo_goods", since=at - timedelta(days=7))
        shells.forget(conn, "demo_ads")
        assert not shells.remembered(conn, "demo_ads", since=at - timedelta(days=7))
