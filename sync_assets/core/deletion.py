"""When a row that is gone at the source may be given its tombstone."""

from dataclasses import dataclass

SMALL = 10
"""So many rows may go at once without a question, whatever their share."""

UNLISTED = 3
"""So many records may be announced and not listed: WordPress counts its privacy page, but keeps it
from editors. A row that is gone is asked for by its id all the same."""

LARGEST_SHARE = 0.25
"""A larger share of the rows never goes at once without the operator's word."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a sync knows when it looks for deletions.

    Attributes:
        authenticated: the account sees everything, and was asked again after the listing.
        listed: distinct records that the source listed.
        announced: records that the source says it has, None where it does not say.
        live: rows of the CMS without a tombstone.
        gone: those of them that the source did not list and, asked for by id, did not have.
        approved: the operator lets this deletion through.
    """

    authenticated: bool
    listed: int
    announced: int | None
    live: int
    gone: int
    approved: bool = False


def too_many(gone: int, live: int) -> bool:
    """Are these more of the live rows than may go at once without the operator's word?"""
    return gone > max(SMALL, live * LARGEST_SHARE)


def objection(evidence: Evidence) -> str | None:
    """Why the tombstones are refused, or None when the proof is good.

    Even the operator cannot approve what an anonymous reader sees, nor an incomplete listing.
    """
    if not evidence.authenticated:
        return "an anonymous reader cannot tell what was deleted from what is hidden"
    if evidence.announced is not None and evidence.announced - evidence.listed > UNLISTED:
        return f"the source listed {evidence.listed} of {evidence.announced} records"
    if evidence.approved:
        return None
    if evidence.listed == 0:
        return "the source lists no record at all"
    if too_many(evidence.gone, evidence.live):
        return f"{evidence.gone} of {evidence.live} records would go at once"
    return None
