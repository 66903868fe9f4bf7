"""Our reading of jieba's dictionary cuts as jieba does, word for word."""

import random
from pathlib import Path
from typing import Any

import jieba
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keywords import boundaries
from keywords.boundaries import cut, is_word, segments, words


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    jieba.setLogLevel("WARNING")
    made = jieba.Tokenizer()
    made.tmp_dir = str(tmp_path_factory.mktemp("jieba"))
    made.initialize()
    return made


_HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FD5)
_PLAIN = st.sampled_from("象牙大小虎皮鹦鹉山甲片子中国人民的一了a1B-. +#&%_\r\n\t，。·\u3000𧰼\x85")


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.one_of(_HAN, _PLAIN), max_size=20).map("".join))
def test_any_text_is_cut_as_jieba_cuts_it(tokenizer: Any, text: str) -> None:
    assert segments(text) == list(tokenizer.cut(text, HMM=False))


def test_ordinary_words_side_by_side_are_cut_as_jieba_cuts_them(tokenizer: Any) -> None:
    dice = random.Random(11)
    known = sorted(words())
    for _ in range(3000):
        text = "".join(dice.choices(known, k=4))
        assert segments(text) == list(tokenizer.cut(text, HMM=False))


def test_a_dictionary_of_another_release_is_read_without_the_table() -> None:
    folder = Path(str(jieba.__file__)).parent
    body = (folder / "dict.txt").read_bytes()
    assert boundaries.index_of(body) == boundaries._index(body)
    other = "象牙 7 n\n象 3 n\n牙 5 n\n象牙白 2 n\n".encode()
    assert boundaries._index(other) == (17, {"象": [(0, 19), (27, len(other))], "牙": [(19, 27)]})


def test_words_and_edges_are_jiebas(tokenizer: Any) -> None:
    assert is_word("牙膏") and not is_word("象牙刷") and not is_word("")
    assert len(words()) == sum(1 for count in tokenizer.FREQ.values() if count)
    found = cut("毛绒大象牙刷套装", 3, 5)
    assert (3 in found.edges, 5 in found.edges, found.at(3), found.holding(3, 4)) == (False, False, "大象", "大象")


def test_a_word_looked_up_alone_is_seen_as_often_as_in_the_whole_file() -> None:
    counts = boundaries.words()
    listed = list(counts)
    # The file's first and last words too, which have no line before or after them.
    for word in [*listed[:3], *listed[-3:], *listed[::200]]:
        assert boundaries.frequency(word) == counts[word], word
        assert boundaries.is_word(word) == (counts[word] > 0), word
    assert boundaries.frequency("") == boundaries.frequency("象牙牙") == 0
    assert not boundaries.is_word("")
