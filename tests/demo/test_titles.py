"""Ordinary listings from a file of titles."""

import gzip
from collections import Counter
from pathlib import Path

import pytest

from demo import MARKETS, Market, Town
from demo.folding import fold
from demo.ordinary import read_titles

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "real_texts.tsv.gz"


def ordinary(market: Market) -> list[str]:
    offers = (market.offer(index) for index in market.indices)
    return [offer.title for offer in offers if offer.planted is None]


@pytest.fixture
def many(tmp_path: Path) -> Path:
    path = tmp_path / "titles.txt"
    path.write_text("".join(f"示例商品 第{number:05d}号\n" for number in range(5001)), "utf-8")
    return path


def test_one_title_a_line(tmp_path: Path) -> None:
    path = tmp_path / "titles.txt"
    path.write_text("  甲 一\n\n乙\u2028二\n丙\n", "utf-8")
    assert read_titles(path, wanted=10, seed=1) == ("甲 一", "乙\u2028二", "丙")


@pytest.mark.parametrize("name", ["titles.tsv", "titles.tsv.gz"])
def test_a_table_gives_its_titles_only(tmp_path: Path, name: str) -> None:
    rows = "source\tkind\ttext\na\ttitle\t甲\na\tquery\t乙\nb\ttitle\t丙\n".encode()
    (tmp_path / name).write_bytes(gzip.compress(rows) if name.endswith("gz") else rows)
    assert read_titles(tmp_path / name, wanted=10, seed=1) == ("甲", "丙")


def test_a_table_without_kind_gives_all(tmp_path: Path) -> None:
    path = tmp_path / "titles.tsv"
    path.write_text("text\tid\n甲\t1\n乙\t2\n", "utf-8")
    assert read_titles(path, wanted=10, seed=1) == ("甲", "乙")


@pytest.mark.parametrize("body", ["", "\n \n", "title\n甲\n"])
def test_a_file_without_titles_is_refused(tmp_path: Path, body: str) -> None:
    path = tmp_path / "titles.tsv"
    path.write_text(body, "utf-8")
    with pytest.raises(ValueError, match=r"titles\.tsv"):
        read_titles(path, wanted=10, seed=1)


def test_a_large_file_is_sampled_evenly(many: Path) -> None:
    kept = read_titles(many, wanted=500, seed=1)
    numbers = [int(title[-6:-1]) for title in kept]
    assert len(set(numbers)) == 500
    assert 2000 < sum(numbers) / 500 < 3000
    assert kept == read_titles(many, wanted=500, seed=1) != read_titles(many, wanted=500, seed=2)


def test_every_title_once_before_any_twice(many: Path) -> None:
    town = Town(7, 1500, many)
    assert town.titles is not None
    used = Counter(title for key in MARKETS for title in ordinary(town.market(key)))
    assert max(used.values()) == 1
    assert set(used) <= set(town.titles)
    small = Counter(title for key in MARKETS for title in ordinary(Town(7, 5000, many).market(key)))
    assert max(small.values()) <= 3


@pytest.mark.parametrize("count", [1, 2, 3, 9, 50])
def test_few_titles_are_used_again(tmp_path: Path, count: int) -> None:
    path = tmp_path / "few.txt"
    path.write_text("\n".join(f"第{number}件" for number in range(count)), "utf-8")
    town = Town(7, 200, path)
    for key in MARKETS:
        market = town.market(key).later(arrivals=30)
        assert set(ordinary(market)) <= set(town.titles or ())
        expected = [index for index in market.indices if fold("第0件") in fold(market.offer(index).title)]
        assert list(market.holding("第0件")) == expected


def test_plants_stay_plants(many: Path) -> None:
    with_titles, without = Town(7, 600, many), Town(7, 600)
    for key in MARKETS:
        assert list(with_titles.market(key).plants()) == list(without.market(key).plants())


@pytest.mark.shared
def test_the_real_titles_fill_three_markets() -> None:
    town = Town(7, 2000, REAL)
    for key in MARKETS:
        market = town.market(key)
        assert len(set(ordinary(market))) > 1700
        expected = [
            index
            for index in market.indices
            if "手机" in fold(market.offer(index).title) or "手机" in fold(market.offer(index).description)
        ]
        assert expected and list(market.holding("手机")) == expected
