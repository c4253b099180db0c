import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_assets.sources.wordpress.acf import normalised


@pytest.mark.parametrize("nothing", [None, False, "", [], {}])
def test_a_record_without_fields_has_none(nothing: object) -> None:
    assert normalised(nothing) is None


@pytest.mark.parametrize("empty", [None, False, "", []])
def test_an_empty_field_is_null_however_it_says_so(empty: object) -> None:
    given = {"a": empty, "group": {"b": empty}, "rows": [{"c": empty}], "layers": [[{"d": empty}]]}
    assert normalised(given) == {
        "a": None,
        "group": {"b": None},
        "rows": [{"c": None}],
        "layers": [[{"d": None}]],
    }


@pytest.mark.parametrize("value", [0, 0.0, True, "0", "no", 7, [7], [0, ""], {"x": 1}])
def test_a_value_is_kept(value: object) -> None:
    assert normalised({"a": value}) == {"a": value}


def test_members_of_a_list_stay_where_they_are() -> None:
    assert normalised({"a": [1, "", False, None]}) == {"a": [1, "", False, None]}


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(any_json)
def test_normalising_twice_changes_nothing(value: object) -> None:
    once = normalised(value)
    assert normalised(once) == once
