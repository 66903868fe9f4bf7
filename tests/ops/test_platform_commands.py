"""`xunwang extract --platform auto` and `xunwang platform new|try|check`, run as a person runs them."""

import json
import shutil
from pathlib import Path

import pytest

from crawler import definition, page_from_file, read_cards, saved_pages
from crawler.saved_pages import differences
from db.embedded import Embedded
from tests.acceptance.houses import Place, place
from tests.crawler.unknown_pages import NOTHING, SAMPLES

EVERY = ["list_items", "gbk", "english", "window_state"]


@pytest.fixture
def there(tmp_path: Path) -> Place:
    """A house whose database nobody may need: saved pages are read without one."""
    return place(tmp_path, "postgresql://127.0.0.1:1/none")


def saved(folder: Path, name: str) -> Path:
    path = folder / f"{name}.html"
    path.write_bytes(SAMPLES[name].html.encode(SAMPLES[name].encoding))
    return path


@pytest.mark.parametrize("words", [["--platform", "auto"], []])
def test_a_page_of_no_known_platform_is_read(there: Place, tmp_path: Path, words: list[str]) -> None:
    said = there.xunwang("extract", *words, str(saved(tmp_path, "gbk")))
    assert said.code == 0, said.err
    assert [row["title"] for row in said.rows()] == [title for title, _, _ in SAMPLES["gbk"].items]
    assert {row["platform"] for row in said.rows()} == {"auto"}


def test_a_page_with_nothing_on_it_is_no_success(there: Place, tmp_path: Path) -> None:
    path = tmp_path / "article.html"
    path.write_text(NOTHING["article"], encoding="utf-8")
    said = there.xunwang("extract", "--platform", "auto", str(path))
    assert (said.code, said.out) == (3, "") and "[E-OPS-020]" in said.err
    said = there.xunwang("platform", "new", str(path))
    assert (said.code, said.out) == (3, "") and "[E-OPS-034]" in said.err


@pytest.mark.parametrize("name", EVERY)
def test_a_proposed_definition_reads_the_page_it_came_from(there: Place, tmp_path: Path, name: str) -> None:
    page, out = saved(tmp_path, name), tmp_path / "new_site.yml"
    said = there.xunwang("platform", "new", "--out", str(out), str(page))
    assert (said.code, said.out) == (0, ""), said.err
    text = out.read_text(encoding="utf-8")
    assert "待核" in text and "人工核对" in text
    one = definition(out)
    read = read_cards(one, page_from_file(page, one))
    assert [listing.title for listing in read.listings] == [title for title, _, _ in SAMPLES[name].items]
    assert all(listing.price is not None for listing in read.listings) and read.unread == 0
    tried = there.xunwang("platform", "try", str(out), str(page))
    assert tried.code == 0 and SAMPLES[name].items[0][0][:6] in tried.out + tried.err


def test_a_file_that_exists_is_not_overwritten(there: Place, tmp_path: Path) -> None:
    out = tmp_path / "mine.yml"
    out.write_text("mine", encoding="utf-8")
    said = there.xunwang("platform", "new", "--out", str(out), str(saved(tmp_path, "gbk")))
    assert said.code == 2 and "[E-OPS-035]" in said.err and out.read_text(encoding="utf-8") == "mine"
    assert there.xunwang("platform", "new", str(saved(tmp_path, "gbk"))).out.startswith("#")


def test_the_list_needs_no_database_and_says_what_it_could_not_look_up(there: Place) -> None:
    said = there.xunwang("platform", "list")
    assert said.code == 0 and "kongfz" in said.out
    assert "没有查看" in said.err and "[E-DB-001]" in said.err
    there.config.write_text("")
    no_server = there.xunwang("platform", "list", DATABASE_URL="")
    assert no_server.code == 0 and "内置数据库没有运行" in no_server.err
    assert not Embedded(there.home).place.exists()


def test_what_ships_is_green(there: Place) -> None:
    said = there.xunwang("platform", "check")
    assert said.code == 0, said.err
    assert "不符" not in said.out + said.err


def test_a_changed_answer_is_red(tmp_path: Path) -> None:
    page = next(one for one in saved_pages() if one.definition.key == "kongfz")
    shutil.copy(page.path, tmp_path / page.path.name)
    (copy,) = saved_pages(tmp_path)
    told = json.loads(page.answer_file.read_text(encoding="utf-8"))
    told["listings"][0]["price"] = "1"
    told["next_url"] = "https://elsewhere.example/"
    wrong = differences(copy.read(), told)
    assert len(wrong) == 2 and any("price" in line for line in wrong) and any("next_url" in line for line in wrong)
    missing = dict(told, listings=[])
    assert any("多读出的" in line for line in differences(copy.read(), missing))


def test_an_address_that_is_none_or_not_public_is_refused(there: Place) -> None:
    for url in ("http://user@host.example/", "http://"):
        said = there.xunwang("extract", "--platform", "auto", url)
        assert said.code == 2 and "[E-OPS-025]" in said.err, said.err
