"""Writes keywords/tables/phrasing.tsv: how listings of protected wildlife are put, learnt from the labelled sets.

    python scripts/phrasing.py [--without SET …] [--to FILE] | --folds

Logistic regression by scikit-learn (locks/learn.txt). What is ordinary is told by the sets' ordinary goods and by every
second of the real texts of ../shared, of which no run of characters is taken: the runs are those of the sets.
"""

import argparse
import csv
import gzip
import hashlib
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from keywords import Matcher, builtin  # noqa: E402 - the root must be on the path first
from keywords.evaluating import evaluate  # noqa: E402
from keywords.folding import folding  # noqa: E402
from keywords.phrasing import DAMPING, TABLE, read, spoken  # noqa: E402
from ops.labelled import read_samples  # noqa: E402
from ops.texts import Source  # noqa: E402

SETS, REAL = ROOT / "tests/keywords/sets", ROOT.parent / "shared/data/real_texts.tsv.gz"
#: What is no labelled listing, and the set that nothing is learnt from.
UNLEARNT = ("seams", "eighteenth")
#: Runs kept, of those in two listings at least: by weight and by how many listings hold them.
KEPT, LEAST = 10_000, 2
#: What a real text weighs beside a labelled one; shorter ones are searches rather than titles.
REAL_WEIGHT, REAL_SHORTEST = 0.1, 8
#: Logit from which phrasing speaks, and the much lower one of the quick question before it (docs/decisions.md).
SPEAKS, GATE = 1.75, 0.0
#: Sets that are left out together where the weights are measured, by when they were written.
FOLDS = (
    ("development", "second", "third", "fourth"), ("fifth", "sixth", "seventh", "eighth"),
    ("ninth", "tenth", "eleventh", "twelfth"), ("thirteenth", "fourteenth"), ("fifteenth", "sixteenth"),
    ("seventeenth",),
)  # fmt: skip
#: Inverse strength of regularisation of the three regressions, and the least weight that tells categories apart.
STRENGTH, GATE_STRENGTH, APART = 8, 100, 0.4


class Row(NamedTuple):
    """One labelled listing."""

    #: Empty for ordinary goods.
    category: str
    skeleton: str


def main() -> None:
    """Learn and write."""
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("--without", nargs="*", default=[], metavar="SET", help="and without what is never learnt from")
    asked.add_argument("--to", type=Path, default=TABLE)
    asked.add_argument("--folds", action="store_true", help="only print what holds on sets that were left out")
    args = asked.parse_args()
    if args.folds:
        measure()
    else:
        write(args.to, args.without)


def write(to: Path, without: Sequence[str]) -> None:
    """The table, learnt from all sets but those."""
    names = [path for path in sorted(SETS.glob("*.tsv")) if path.stem not in (*UNLEARNT, *without)]
    rows = [row for path in names for row in labelled(path)]
    to.write_text("".join(f"{line}\n" for line in learnt(rows, list(real_texts()), names)), encoding="utf-8")


def measure() -> None:
    """Prints what holds on each set with weights that neither it nor the others of its fold had a part in."""
    for fold in FOLDS:
        with tempfile.NamedTemporaryFile(suffix=".tsv") as kept:
            write(Path(kept.name), fold)
            matcher = Matcher(builtin(), learnt=read(Path(kept.name)))
        for name in fold:
            with (SETS / f"{name}.tsv").open("rb") as stream:
                found = evaluate(read_samples(Source(name=name, stream=stream), builtin()), matcher)
            rates = [*found.groups.values(), found.borderline_at_review, found.confusables_raised, found.category_right]
            print(name, *(f"{rate.hits}/{rate.of}" for rate in rates), sep="\t")  # noqa: T201 - it is what was asked for


def labelled(path: Path) -> Iterator[Row]:
    """The rows of one set."""
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE):
            text = f"{row['title']}\n{row['description'] or ''}".replace("\\n", "\n")
            category = "" if row["label"] == "confusable" else row["category"]
            yield Row(category, spoken(folding().skeleton(text)))


def real_texts() -> Iterator[str]:
    """Skeletons of the texts in the even lines; the odd ones are left to measure on."""
    with gzip.open(REAL, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            skeleton = spoken(folding().skeleton(line.rstrip("\n").split("\t")[-1]))
            if number % 2 == 0 and len(skeleton) >= REAL_SHORTEST:
                yield skeleton


def learnt(rows: Sequence[Row], real: Sequence[str], names: Iterable[Path]) -> Iterator[str]:
    """The lines of the table."""
    texts = [row.skeleton for row in rows]
    answers = numpy.array([bool(row.category) for row in rows] + [False] * len(real))
    weights = numpy.array([1.0] * len(rows) + [REAL_WEIGHT] * len(real))
    runs = CountVectorizer(analyzer="char", ngram_range=(1, 2), min_df=LEAST, binary=True, lowercase=False)
    holds = sparse.vstack([runs.fit_transform(texts), runs.transform(real)]).tocsr()
    first = _regression(STRENGTH).fit(_damped(holds), answers, sample_weight=weights)
    often = numpy.asarray(holds[: len(rows)].sum(axis=0)).ravel()
    kept = numpy.sort(numpy.argsort(-numpy.abs(first.coef_[0]) * numpy.sqrt(often), kind="stable")[:KEPT])
    likeness = _regression(STRENGTH).fit(_damped(holds[:, kept]), answers, sample_weight=weights)
    guilty = numpy.flatnonzero(answers)
    kinds = _regression(STRENGTH).fit(_damped(holds[guilty][:, kept]), [rows[place].category for place in guilty])
    gate = _gate(texts + list(real), answers, weights, len(rows))
    yield f"# learnt by scripts/phrasing.py from {_digest(names)}"
    yield f"offset\t{_thousandths(likeness.intercept_[0])}\t{_thousandths(SPEAKS)}"
    yield "kinds\t" + "\t".join(
        f"{name}:{_tenths(at)}" for name, at in zip(kinds.classes_, kinds.intercept_, strict=True)
    )
    yield f"unknown\t{gate.pop('')}"
    names_of = runs.get_feature_names_out()[kept]
    places = {text: place for place, text in enumerate(names_of)}
    for text in sorted({*names_of, *gate}):
        place = places.get(text)
        weight = "" if place is None else _thousandths(likeness.coef_[0][place])
        apart = [] if place is None else enumerate(kinds.coef_[:, place])
        by_kind = " ".join(f"{number}:{_tenths(value)}" for number, value in apart if abs(value) >= APART)
        yield f"{text}\t{weight}\t{gate.get(text, '')}\t{by_kind}"


def _gate(texts: list[str], answers: Any, weights: Any, labelled_ones: int) -> dict[str, int]:
    """By character what it adds to a sum that must not be below nought; under "" that of any other character."""
    chars = CountVectorizer(analyzer="char", min_df=LEAST, lowercase=False)
    chars.fit(texts[:labelled_ones])
    counts = chars.transform(texts).astype(float)
    shares = sparse.diags([1 / max(len(text), 1) for text in texts]) @ counts
    told = _regression(GATE_STRENGTH).fit(shares, answers, sample_weight=weights)
    offset = told.intercept_[0] - GATE
    found = {char: _thousandths(told.coef_[0][place] + offset) for char, place in chars.vocabulary_.items()}
    return {"": _thousandths(offset), **found}


def _regression(strength: float) -> LogisticRegression:
    return LogisticRegression(C=strength, max_iter=500)


def _damped(holds: Any) -> Any:
    """Each listing's runs, divided so that a long one does not weigh more for its length."""
    holds = holds.astype(float)
    return sparse.diags(1 / numpy.sqrt(numpy.asarray(holds.sum(axis=1)).ravel() + DAMPING)) @ holds


def _digest(names: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in names:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _thousandths(value: float) -> int:
    return round(1000 * float(value))


def _tenths(value: float) -> int:
    return round(10 * float(value))


if __name__ == "__main__":
    main()
