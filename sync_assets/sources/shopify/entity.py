"""How a kind of record is asked for: by page, by id, in bulk."""

from dataclasses import dataclass
from functools import cached_property

BAG = "{shopMoney{amount currencyCode} presentmentMoney{amount currencyCode}}"
PAGE = "pageInfo{hasNextPage endCursor}"
_REFUND = f"id note createdAt processedAt updatedAt totalRefundedSet {BAG}"


@dataclass(frozen=True, slots=True)
class Query:
    """A question; its name stands for it in messages and for its price."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Part:
    """A connection inside of a record, which has pages of its own.

    Attributes:
        owner: the type that has it.
        kind: the type of its nodes, by which the lines of a bulk operation are told apart.
        field: its name.
        fields: what is asked of each of its nodes.
        within: the list of the record that its owners are in; empty for the record itself.
        size: nodes at first; 0 for as many as the entity says.
    """

    owner: str
    kind: str
    field: str
    fields: str
    within: str = ""
    size: int = 0

    @property
    def more(self) -> Query:
        """One further page."""
        return Query(
            f"More{self.owner}{self.field[0].upper()}{self.field[1:]}",
            f"query($id: ID!, $first: Int!, $after: String) {{ node(id: $id) {{ "
            f"... on {self.owner} {{ {self._paged('$first, after: $after')} }} }} }}",
        )

    @property
    def beginning(self) -> str:
        """Its first page, as a field."""
        return self._paged(str(self.size) if self.size else "$parts")

    def _paged(self, size: str) -> str:
        return f"{self.field}(first: {size}) {{ nodes {{ {self.fields} }} {PAGE} }}"


@dataclass(frozen=True)
class Entity:
    """A kind of record, and how it is asked for.

    Attributes:
        kind: its type.
        root: the connection that lists all of them.
        fields: its own fields.
        parts: its connections.
        sizes: nodes of each connection at first; what a question may cost grows with them.
        order: how the list is sorted by id, where that has to be said.
        in_bulk: the fields of lists that have connections, without these: a bulk operation takes
            no connection inside of a list.
    """

    kind: str
    root: str
    fields: str
    parts: tuple[Part, ...]
    sizes: int = 50
    order: str = ""
    in_bulk: str = ""

    @cached_property
    def listing(self) -> Query:
        """A page of ids and times: of all records, or of those that a query finds."""
        return Query(
            f"List{self.kind}", self._page("id updatedAt", ", $query: String", filtered=True)
        )

    @cached_property
    def contents(self) -> Query:
        """A page of whole records."""
        return Query(f"ListWhole{self.kind}", self._page(self._whole, ", $parts: Int!"))

    @cached_property
    def by_id(self) -> Query:
        """Whole records, by their ids; null for those that are not there."""
        return Query(
            f"Read{self.kind}",
            "query($ids: [ID!]!, $parts: Int!) { nodes(ids: $ids) { "
            f"... on {self.kind} {{ {self._whole} }} }} }}",
        )

    @cached_property
    def present(self) -> Query:
        """The same, and nothing but the ids."""
        return Query(f"Find{self.kind}", "query($ids: [ID!]!) { nodes(ids: $ids) { id } }")

    @cached_property
    def bulk(self) -> str:
        """Everything, for a bulk operation."""
        parts = " ".join(
            f"{part.field} {{ edges {{ node {{ {part.fields} }} }} }}" for part in self.own
        )
        fields = f"{self.fields} {self.in_bulk} {parts}"
        order = f"({self.order})" if self.order else ""
        return f"{{ {self.root}{order} {{ edges {{ node {{ {fields} }} }} }} }}"

    @cached_property
    def own(self) -> tuple[Part, ...]:
        """The connections of the record itself, whose nodes a bulk operation gives as lines."""
        return tuple(part for part in self.parts if not part.within)

    @cached_property
    def _whole(self) -> str:
        inner = " ".join(
            f"{part.within} {{ {self.fields_within(part)} {part.beginning} }}"
            if part.within
            else part.beginning
            for part in self.parts
        )
        return f"{self.fields} {inner}"

    @staticmethod
    def fields_within(part: Part) -> str:
        """The fields of the list that a connection is in."""
        return _REFUND if part.within == "refunds" else "id"

    def _page(self, fields: str, variables: str, *, filtered: bool = False) -> str:
        order = f", {self.order}" if self.order else ""
        query = ", query: $query" if filtered else ""
        return (
            f"query($first: Int!, $after: String{variables}) {{ "
            f"{self.root}(first: $first, after: $after{query}{order}) "
            f"{{ nodes {{ {fields} }} {PAGE} }} }}"
        )
