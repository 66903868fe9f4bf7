"""The web pages of the house: sign in, review, look at evidence, bring leads in."""

from console.accounts import ROLES, add_demo_user, add_user, reset_password
from console.app import create_app
from console.desk import Desk, Intake, Submission

__all__ = ["ROLES", "Desk", "Intake", "Submission", "add_demo_user", "add_user", "create_app", "reset_password"]
