"""The guard that the patrol goes out through, for those whom it is compared with."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

from egress import Policy, guarded


@contextmanager
def guard_for(sites: Sequence[str]) -> Iterator[str]:
    """The address of a proxy that lets nothing out but to these loopback sites, while the block runs."""
    places = tuple(urlsplit(site).netloc for site in sites)
    with guarded(Policy(hosts=("127.0.0.1",), allowed=places)) as opened:
        yield opened.proxy
