"""The web pages of the house: sign in, review, look at evidence, bring leads in."""

from typing import TYPE_CHECKING, Any

from console.beginning import Answered, BroughtIn, OwnDistrict, OwnUnit, Standing
from console.desk import Desk, Intake, Submission
from console.roles import ROLE_NAMES, ROLES
from console.shelf import ReplaySite
from console.staff import add_demo_user, add_user, reset_password, set_enabled, set_role

if TYPE_CHECKING:
    from console.app import create_app
    from console.replay_site import create_replay_app

__all__ = [
    "ROLES",
    "ROLE_NAMES",
    "Answered",
    "BroughtIn",
    "Desk",
    "Intake",
    "OwnDistrict",
    "OwnUnit",
    "ReplaySite",
    "Standing",
    "Submission",
    "add_demo_user",
    "add_user",
    "create_app",
    "create_replay_app",
    "reset_password",
    "set_enabled",
    "set_role",
]


def __getattr__(name: str) -> Any:
    """Both applications are fetched when first asked for: they bring the web server, for which only who serves pays."""
    if name == "create_app":
        from console.app import create_app

        return create_app
    if name == "create_replay_app":
        from console.replay_site import create_replay_app

        return create_replay_app
    raise AttributeError(name)
