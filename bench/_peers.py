"""The matchers that ours is compared with. One that is not installed is reported as absent, with the reason."""

import shutil
import tempfile
from collections.abc import Callable, Sequence

import ahocorasick_rs
import jieba

from records import Listing

#: Judges a batch; returns how many texts it found anything in.
Runner = Callable[[Sequence[Listing]], int]


def naive(words: Sequence[str]) -> Runner:
    """Cut with jieba (no HMM, the terms as words of its own), then look every word up."""
    jieba.setLogLevel("WARNING")
    cutter, wanted = jieba.Tokenizer(), set(words)
    cutter.tmp_dir = tempfile.mkdtemp(prefix="xunwang-bench-")  # its cache is no business of the shared folder
    cutter.initialize()
    shutil.rmtree(cutter.tmp_dir)
    for word in words:
        cutter.add_word(word)
    return lambda batch: sum(any(w in wanted for w in cutter.cut(one.title, HMM=False)) for one in batch)


def automaton(words: Sequence[str]) -> Runner:
    """A bare automaton over the same terms: no folding, no skipping."""
    built = ahocorasick_rs.AhoCorasick(list(words))
    return lambda batch: sum(bool(built.find_matches_as_indexes(one.title)) for one in batch)


def joined_automaton(words: Sequence[str]) -> Runner:
    """The same over all texts joined into one: what a batch can reach at most with this library."""
    built = ahocorasick_rs.AhoCorasick(list(words), implementation=ahocorasick_rs.Implementation.DFA)
    return lambda batch: len(built.find_matches_as_indexes("\n".join([one.title for one in batch])))


def matcher_py(words: Sequence[str]) -> dict[str, Runner]:
    """Lips7/Matcher with variant forms, deletion and normalising: no spans, no exclusions, no boundaries, no score.

    Raises ModuleNotFoundError where it is not installed.
    """
    from matcher_py import ProcessType, SimpleMatcher

    built = SimpleMatcher.from_dict({ProcessType.VARIANT_NORM_DELETE_NORMALIZE: dict(enumerate(words))})
    return {
        "matcher_py": lambda batch: sum(bool(built.process(one.title)) for one in batch),
        "matcher_py_batch": lambda batch: sum(map(bool, built.batch_process([one.title for one in batch]))),
    }


def houbb() -> str:
    """Why houbb/sensitive-word is not in the table."""
    java = "Java is here" if shutil.which("java") else "no Java here"
    return f"{java}; its jar comes from Maven alone, which no lock of ours covers, so the bench does not fetch it"


def all_peers(words: Sequence[str]) -> tuple[dict[str, Runner], dict[str, str]]:
    """The runners by name, and the absent ones with the reason."""
    present = {"naive_jieba": naive(words), "bare_automaton": automaton(words)}
    present["bare_automaton_joined"] = joined_automaton(words)
    absent = {"houbb_sensitive_word": houbb()}
    try:
        present |= matcher_py(words)
    except ModuleNotFoundError:
        absent["matcher_py"] = "not installed: make bench installs it from locks/bench.txt where a registry answers"
    return present, absent
