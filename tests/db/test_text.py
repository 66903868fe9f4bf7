"""Foreign text passes the door changed only where it must be, and comes back from PostgreSQL as it went in."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from db.engine import transaction
from db.text import storable, storable_json

AWKWARD = "象\x00牙\ud800手\udfff镯\ufffe\uffff\ufdd0\U0010ffff"

anything = st.text(st.characters(exclude_categories=())) | st.just(AWKWARD)
data = st.recursive(
    st.none() | st.booleans() | st.integers() | anything,
    lambda inner: st.lists(inner) | st.dictionaries(anything, inner),
    max_leaves=12,
)


def test_what_cannot_be_stored_is_replaced_one_for_one() -> None:
    assert storable(AWKWARD) == "象\ufffd牙\ufffd手\ufffd镯" + "\ufffd" * 4


def test_what_can_be_stored_stays() -> None:
    kept = "象牙\t\r\n\x01\x7f\x85\u200b\u202e\ue000😀𠮷\ufeff"
    assert storable(kept) is kept


def test_json_is_cleaned_in_its_depth_and_keys() -> None:
    assert storable_json({"a\x00": [{"b": ("\ud83d", 1, None, 1.5, True)}]}) == {
        "a\ufffd": [{"b": ["\ufffd", 1, None, 1.5, True]}]
    }


@given(anything)
def test_length_stays_and_twice_is_once(raw: str) -> None:
    clean = storable(raw)
    assert len(clean) == len(raw)
    assert storable(clean) == clean
    assert clean.encode().decode() == clean


@pytest.mark.db
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(anything, data)
def test_postgresql_gives_back_what_it_was_given(engine: Engine, raw: str, tree: object) -> None:
    clean, clean_tree = storable(raw), storable_json(tree)
    statement = text(
        "insert into quarantine (stage, platform, item_id, error, payload, at)"
        " values ('s', 'p', 'i', :error, cast(:payload as jsonb), now()) returning error, payload"
    )
    with transaction(engine) as conn:
        dumped = engine.dialect._json_serializer(clean_tree)
        assert tuple(conn.execute(statement, {"error": clean, "payload": dumped}).one()) == (clean, clean_tree)
