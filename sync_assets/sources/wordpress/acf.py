"""ACF's many ways to say "nothing", made one."""

from typing import Any, cast


def normalised(fields: object) -> object:
    """The fields of a record, or None where there are none.

    The same field is `false`, `""`, `[]` or `null` when it is empty, depending on the field type,
    the format and whether it was ever saved. Members of lists stay as they are.
    """
    return _fields(cast("dict[str, Any]", fields)) if fields and isinstance(fields, dict) else None


def _fields(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: _value(value) for name, value in fields.items()}


def _value(value: object) -> object:
    if isinstance(value, dict):
        return _fields(cast("dict[str, Any]", value))
    if isinstance(value, list):
        return [_member(item) for item in cast("list[object]", value)] or None
    return None if value is False or value == "" else value


def _member(value: object) -> object:
    if isinstance(value, dict):
        return _fields(cast("dict[str, Any]", value))
    if isinstance(value, list):
        return [_member(item) for item in cast("list[object]", value)]
    return value
