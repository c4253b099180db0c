"""The options of a sync, and the errors."""

import pytest

from sync_assets.core import errors
from sync_assets.core.ports import SyncOptions


@pytest.mark.parametrize("size", [1, 100])
def test_a_batch_goes_from_one_to_a_hundred(size: int):
    assert SyncOptions(batch_size=size).batch_size == size


@pytest.mark.parametrize("size", [0, -1, 101])
def test_other_batches_are_refused(size: int):
    with pytest.raises(ValueError, match=f"batch_size is {size}; it goes from 1 to 100"):
        SyncOptions(batch_size=size)


def test_whoever_catches_a_sync_error_does_not_catch_a_single_bad_record():
    assert not issubclass(errors.Unmappable, errors.SyncError)


def test_an_unknown_tenant_is_for_the_operator():
    assert issubclass(errors.UnknownTenant, errors.OperatorMustAct)


def test_an_error_can_say_how_long_to_wait():
    assert errors.RetryLater("busy", after=7.0).after == 7.0
    assert errors.RetryLater("busy").after is None
    assert str(errors.RetryLater("busy", after=7.0)) == "busy"


def test_every_error_is_named_in_the_tree_at_the_top():
    names = [name for name, value in vars(errors).items() if isinstance(value, type)]
    assert all(name in (errors.__doc__ or "") for name in names)
