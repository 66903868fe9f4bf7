"""One small town for all tests that only read it, and a client that goes nowhere else."""

from collections.abc import Iterator

import httpx
import pytest

from demo.serve import RunningTown, running


@pytest.fixture(scope="session")
def small() -> Iterator[RunningTown]:
    """Three hundred listings a market. Tests must leave it as it is."""
    with running(seed=7, listings=300) as town:
        yield town


@pytest.fixture
def changing() -> Iterator[RunningTown]:
    """A town of the test's own, to be changed."""
    with running(seed=7, listings=120) as town:
        yield town


@pytest.fixture(scope="session")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=60) as made:
        yield made
