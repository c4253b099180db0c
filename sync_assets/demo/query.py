"""The parameters of a collection, checked as WordPress checks them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from sync_assets.demo.access import Visitor
from sync_assets.demo.errors import ApiError, invalid_param
from sync_assets.demo.kinds import PostType, Taxonomy
from sync_assets.demo.times import parameter_to_local

_ENTRY_ORDERS = (
    "author", "date", "id", "include", "modified", "parent", "relevance", "slug", "title",
    "menu_order",
)  # fmt: skip
_TERM_ORDERS = ("id", "include", "name", "slug", "term_group", "description", "count")
_STATUSES = ("publish", "future", "draft", "pending", "private", "trash", "any")
_MEDIA_STATUSES = ("inherit", "private", "trash")


@dataclass(frozen=True, slots=True)
class Query:
    """What a listing is asked for. Without an `offset` the page number says where it starts."""

    page: int
    per_page: int
    offset: int | None
    orderby: str
    descending: bool
    include: tuple[int, ...] | None

    @property
    def rows(self) -> slice:
        """The rows of the page, among all that match."""
        start = (self.page - 1) * self.per_page if self.offset is None else self.offset
        return slice(start, start + self.per_page)

    @property
    def places(self) -> dict[int, int]:
        """The place of each id in `include`, to order by."""
        return {row_id: place for place, row_id in enumerate(self.include or ())}


def entry_query(params: Mapping[str, str]) -> Query:
    """Parameters of posts, pages, media and events: newest first by default."""
    query = _query(params, _ENTRY_ORDERS, "date", "desc")
    if query.orderby == "include":
        if query.include is None:
            message = "You need to define an include parameter to order by include."
            raise ApiError(400, "rest_orderby_include_missing_include", message)
        query = replace(query, descending=False)  # the SQL's FIELD(ID, …) has no direction
    if "offset" in params:  # even offset=0 silences the page number
        return replace(query, offset=_integer(params, "offset", 0))
    return query


def term_query(params: Mapping[str, str], kind: Taxonomy) -> Query:
    """Parameters of terms: by name by default; WordPress ignores dates, and of trees the offset."""
    query = _query(params, _TERM_ORDERS, "name", "asc")
    if kind.hierarchical:
        return query
    return replace(query, offset=_integer(params, "offset", 0) or None)


def wants_edit(params: Mapping[str, str]) -> bool:
    """Whether `context=edit` is asked for."""
    context = params.get("context", "view")
    _one_of("context", context, ("view", "embed", "edit"))
    return context == "edit"


def statuses(params: Mapping[str, str], kind: PostType, visitor: Visitor) -> frozenset[str]:
    """The statuses to list; those that are not public need the right to edit."""
    media = kind.rest_base == "media"
    default = "inherit" if media else "publish"
    asked = params.get("status", default).replace(" ", ",").split(",")
    wanted = frozenset(filter(None, asked)) or frozenset({default})
    for index, status in enumerate(sorted(wanted)):
        private = status == "private" and visitor.can(f"read_private_{kind.rights}")
        if status != default and not private and not visitor.can(f"edit_{kind.rights}"):
            forbidden = "rest_forbidden_status"
            raise invalid_param("status", "Status is forbidden.", forbidden, visitor.refusal)
        _one_of(f"status[{index}]", status, _MEDIA_STATUSES if media else _STATUSES, "status")
    return wanted


def date_bounds(params: Mapping[str, str], zone: ZoneInfo) -> list[tuple[str, str, bool]]:
    """(column, local time, later) for `after`, `before`, `modified_after`, `modified_before`."""
    bounds: list[tuple[str, str, bool]] = []
    for prefix, column in (("", "date"), ("modified_", "modified")):
        for side in ("after", "before"):
            if (text := params.get(f"{prefix}{side}")) is not None:
                local = parameter_to_local(text, zone)
                if local is None:
                    raise invalid_param(f"{prefix}{side}", "Invalid date.", "rest_invalid_date")
                bounds.append((column, local, side == "after"))
    return bounds


def _query(params: Mapping[str, str], orders: tuple[str, ...], orderby: str, order: str) -> Query:
    page = _integer(params, "page", 1, least=1)
    per_page = _integer(params, "per_page", 10, least=1, most=100)
    orderby, order = params.get("orderby", orderby), params.get("order", order)
    _one_of("orderby", orderby, orders)
    _one_of("order", order, ("asc", "desc"))
    include = _ids(params.get("include", ""))
    return Query(page, per_page, None, orderby, order == "desc", include)


def _integer(
    params: Mapping[str, str], name: str, default: int, *, least: int = 0, most: int | None = None
) -> int:
    text = params.get(name, str(default))
    try:
        value = int(text)
    except ValueError:
        why = f"{name} is not of type integer."
        raise invalid_param(name, why, "rest_invalid_type") from None
    if most is not None and not least <= value <= most:
        why = f"{name} must be between {least} (inclusive) and {most} (inclusive)"
        raise invalid_param(name, why, "rest_out_of_bounds")
    if value < least:
        why = f"{name} must be greater than or equal to {least}"
        raise invalid_param(name, why, "rest_out_of_bounds")
    return value


def _one_of(label: str, value: str, allowed: tuple[str, ...], name: str | None = None) -> None:
    if value not in allowed:
        why = f"{label} is not one of {', '.join(allowed[:-1])}, and {allowed[-1]}."
        raise invalid_param(name or label, why, "rest_not_in_enum")


def _ids(text: str) -> tuple[int, ...] | None:
    """`1,2,3`; None when nothing is asked for, which WordPress takes for everything."""
    parts = list(filter(None, text.replace(" ", ",").split(",")))
    for index, part in enumerate(parts):
        if not part.isdecimal():
            why = f"include[{index}] is not of type integer."
            raise invalid_param("include", why, "rest_invalid_type")
    return tuple(map(int, parts)) or None
