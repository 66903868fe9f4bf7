"""What building left free goes back to the system, where the system takes it."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT

_GROWN = """
from bench._cold import resident
from keywords.returning import give_back
kept = [bytes(1000) for _ in range(60_000)][::50]
before = resident()
give_back()
print(before - resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process holds")
def test_what_is_free_between_what_is_held_goes_back() -> None:
    told = subprocess.run([sys.executable, "-c", _GROWN], capture_output=True, text=True, check=True, cwd=ROOT)
    assert float(told.stdout) > 20
