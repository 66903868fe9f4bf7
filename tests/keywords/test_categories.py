"""A first look: the categories' own examples."""

import pytest

from keywords import Category, Matcher, builtin

_MATCHER = Matcher(builtin())


@pytest.mark.parametrize("category", builtin().categories, ids=lambda category: category.key)
def test_a_category_keeps_its_promises(category: Category) -> None:
    missed = [text for text in category.must_match if not _raises(text, category.key)]
    raised = [text for text in category.must_not_match if _MATCHER.explain(text).level.is_hit]
    assert (missed, raised) == ([], [])


def _raises(text: str, category: str) -> bool:
    assessment = _MATCHER.explain(text)
    return assessment.level.is_hit and assessment.category == category
