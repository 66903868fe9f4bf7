"""Which program this is."""

from importlib.metadata import version

from keywords import MATCHER_VERSION, builtin_version


def versions() -> str:
    """One line: program, matcher, built-in lexicon. Opens no database: the live lexicon may be another."""
    return f"xunwang {version('xunwang')}  matcher {MATCHER_VERSION}  lexicon {builtin_version()}"
