"""docs/api.md does what it says: every example of it, run by a shell as it stands, against a console that listens."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import select

from db import tables
from db.engine import transaction
from tests.console.conftest import minting
from tests.console.test_browser import served

pytestmark = [pytest.mark.db, pytest.mark.slow]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"


def test_every_example_of_the_page_runs_as_it_stands(seat, desk, engine, leads, intake, tmp_path):
    seat("wang", "head")
    with transaction(engine) as conn:
        owner = conn.execute(select(tables.users.c.id)).scalar_one()
    examples = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert len(examples) == 12 and leads[0] == 1
    told = []
    with served(desk) as url:
        known = {"PATH": "/usr/bin:/bin", "XUNWANG": url, "XUNWANG_TOKEN": minting(desk, owner)(), "LC_ALL": "C.UTF-8"}
        for example in examples:
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", example], cwd=tmp_path, env=known, capture_output=True, timeout=60
            )
            assert done.returncode == 0, (example, done.stdout[-500:], done.stderr[-500:])
            told.append(done.stdout.decode())
    me, night, page, _lines, _lead, digest, figures, screened, brought, bare, _list, refused = told
    assert json.loads(me)["account"] == "wang" and json.loads(night)["scan_id"] == 1
    assert len(json.loads(page)["items"]) == 5
    pages = [json.loads(line) for line in (tmp_path / "leads.jsonl").read_text("utf-8").splitlines()]
    assert [len(one["items"]) for one in pages] == [2, 2, 1]
    kept = json.loads((tmp_path / "lead.json").read_text("utf-8"))["hits_shown"]
    assert digest.split()[0] in {file["sha256"] for hit in kept for file in hit["evidence"]["files"]}
    assert json.loads(figures)["leads"] == 5 and json.loads(screened)["state"] == "核查中"
    assert json.loads(brought) == {"lead_ids": []} and intake.taken[0].text == "https://market.example/item/9"
    assert json.loads(bare)["seller"] == "示例卖家97"
    assert "XS-2026-1123-0001" in (tmp_path / "leads.csv").read_text("utf-8-sig")
    assert json.loads(refused)["code"] == "E-API-008"
    with transaction(engine) as conn:
        assert conn.execute(select(tables.leads.c.state).where(tables.leads.c.id == 1)).scalar_one() == "核查中"
