"""Ports on which nobody listens, now and for the rest of the test."""

import random
import socket


def free_port() -> int:
    """A port below those that the system hands out: no market or stub that starts meanwhile can be given it."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
