"""Small pictures on the pages: where they stand, who gets them, and what the custody chain says of it."""

import io
import re

import pytest
from PIL import Image
from sqlalchemy import text

from db import custody
from db.engine import transaction
from tests.console.conftest import PASSWORD

pytestmark = pytest.mark.db

IMAGE = re.compile(r'<img class="small-picture" src="(/leads/(\d+)/small/\d+)" alt="([^"]+)" width="(\d+)" height="\4"')


def pictures(html: str) -> list[tuple[str, int]]:
    """Path and lead; each has a text, a size and waits until it is in sight."""
    found = IMAGE.findall(html)
    assert html.count('<img class="small-picture"') == len(found) == html.count('loading="lazy" decoding="async"')
    assert all(alt.strip() for _, _, alt, _ in found)
    return [(path, int(lead)) for path, lead, _, _ in found]


def handled(engine) -> list[tuple[str, str, dict]]:
    with transaction(engine) as conn:
        return [tuple(row) for row in conn.execute(text("select actor, subject, detail from custody order by seq"))]


def test_the_bulk_preview_and_the_group_show_them(account, leads, engine):
    visitor = account()
    chosen = {"action": "待研判", "everything": "true"}
    shown = visitor.key("/review/bulk/preview?district=*", chosen)
    assert sorted(lead for _, lead in pictures(shown.text)) == sorted(leads)
    group = pictures(visitor.get(f"/review?lead={leads[0]}&district=*").text)
    assert [lead for _, lead in group] == [leads[0]] * 6  # a lead of six hits
    assert pictures(visitor.get(f"/review?lead={leads[2]}&district=*").text) == []  # one hit: its shot is shown already
    assert handled(engine) == []  # a page has only named them
    answer = visitor.get(group[0][0])
    with Image.open(io.BytesIO(answer.content)) as small:
        assert answer.headers["content-type"] == "image/jpeg" and max(small.size) <= 160
    assert "sandbox" in answer.headers["content-security-policy"]


def test_without_a_small_copy_there_is_a_place_for_it(account, leads, engine):
    with transaction(engine) as conn:
        conn.execute(text("delete from picture_smalls"))
    shown = account().key("/review/bulk/preview?district=*", {"action": "待研判", "everything": "true"})
    assert shown.text.count("small-picture none side-72") == 5 and pictures(shown.text) == []


def test_the_first_one_a_day_is_a_row_of_custody(account, leads, engine, clock):
    visitor, other = account("wang"), account("li")
    paths = [path for path, _ in pictures(visitor.get(f"/review?lead={leads[0]}&district=*").text)]
    for path in paths:
        assert visitor.get(path).status_code == 200
    row = ("wang", f"lead:{leads[0]}", {"role": "small"})
    assert handled(engine) == [row]
    assert other.get(paths[0]).status_code == 200
    assert handled(engine) == [row, ("li", *row[1:])]
    clock.forward(hours=20)
    assert visitor.sign_in("wang", PASSWORD).status_code == 303
    assert visitor.get(paths[0]).status_code == 200
    assert handled(engine) == [row, ("li", *row[1:]), row]
    with transaction(engine) as conn:
        assert custody.verify(conn).sound


def test_a_guessed_number_opens_nothing(account, leads, engine):
    visitor = account()
    [(path, _), *_] = pictures(visitor.get(f"/review?lead={leads[0]}&district=*").text)
    number = path.rsplit("/", 1)[1]
    for lead in (*leads[1:], 10**9):
        assert visitor.get(f"/leads/{lead}/small/{number}").status_code == 404
    with transaction(engine) as conn:
        page = conn.execute(text("select min(id) from capture_files where role = 'page'")).scalar_one()
        shot = conn.execute(text("select min(id) from capture_files where role = 'screenshot'")).scalar_one()
    assert [visitor.get(f"/leads/{leads[0]}/small/{one}").status_code for one in (page, shot)] == [404, 404]
    assert handled(engine) == []
