"""The manifest has every fact that the rules ask for; the list is written out here, not taken from the code."""

import pytest

from evidence.manifest import CAPTURE_FIELDS, FILE_FIELDS, PACKAGE_FIELDS, missing
from tests.evidence.bound import facts

#: 来源, 制作人, 制作方法, 制作时间, 环境 and the rest, in the order in which they are asked for.
ASKED = {
    "number": "package no.", "format": "format version",
    "source.requested_url": "requested URL", "source.final_url": "final URL", "source.redirects": "redirect chain",
    "source.entry": "entry steps, keyword", "source.platform": "platform", "source.item_id": "item id",
    "source.peer": "peer IP", "source.resolver": "resolver",
    "maker.operator": "operator account", "maker.unit": "unit", "maker.officers": "two officers",
    "method.software": "software", "method.version": "version", "method.commit": "commit hash",
    "method.chromium": "Chromium", "method.scrapy": "Scrapy", "method.user_agent": "UA", "method.viewport": "viewport",
    "method.proxy": "proxy", "method.robots": "robots decision", "method.rate": "rate",
    "time.start.utc": "start, UTC", "time.start.beijing": "start, +08:00", "time.end": "end",
    "time.clock_offset": "clock offset", "time.clock_source": "its source", "time.server_date": "server Date",
    "environment.host": "host id", "environment.os": "OS", "environment.image_digest": "image digest",
    "environment.clean_profile": "clean profile", "environment.extensions": "extensions",
    "environment.hosts_file_sha256": "hosts file hash", "environment.dns_answer": "DNS answer",
    "path": "path", "bytes": "bytes", "sha256": "sha256", "sm3": "sm3", "media_type": "media type", "role": "role",
    "flags.truncated": "truncated", "flags.partial": "partial", "flags.blocked": "blocked",
    "previous": "previous package's hash", "encoding.declared": "declared", "encoding.used": "used",
}  # fmt: skip


def test_each_fact_asked_for_is_a_field_that_no_package_may_lack() -> None:
    assert set(ASKED) <= {*PACKAGE_FIELDS, *CAPTURE_FIELDS, *FILE_FIELDS}


@pytest.mark.parametrize("name", [name for name in ASKED if name in CAPTURE_FIELDS])
@pytest.mark.parametrize("worth", [None, "", {"未采集": " "}])
def test_a_fact_without_word_or_reason_is_found_missing(name: str, worth: object) -> None:
    told = {**facts(), "files": []}
    *groups, last = name.split(".")
    place = told["captures"][0]
    for group in groups:
        place = place[group]
    place[last] = worth
    assert f"captures[1].{name}" in missing(told)
