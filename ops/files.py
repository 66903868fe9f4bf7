"""How many files a process may have open: sockets and pipes of a browser's many processes count too."""

import resource

#: What a worker with two platforms and their browsers needs, several times over.
ENOUGH = 1_024


def raise_limit() -> int:
    """Takes as many as this process is allowed, up to four times ENOUGH; how many it now has."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4 * ENOUGH if hard == resource.RLIM_INFINITY else min(4 * ENOUGH, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return soft if soft != resource.RLIM_INFINITY else wanted
