"""The web pages of the house: sign in, review, look at evidence, bring leads in."""

from typing import TYPE_CHECKING, Any

from console.accounts import ROLES, add_demo_user, add_user, reset_password
from console.desk import Desk, Intake, Submission

if TYPE_CHECKING:
    from console.app import create_app

__all__ = ["ROLES", "Desk", "Intake", "Submission", "add_demo_user", "add_user", "create_app", "reset_password"]


def __getattr__(name: str) -> Any:
    """`create_app` is fetched when first asked for: it brings the web server, which only who serves need pay for."""
    if name == "create_app":
        from console.app import create_app

        return create_app
    raise AttributeError(name)
