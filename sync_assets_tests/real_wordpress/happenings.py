"""What may happen at a site before or while it is synced."""

from collections.abc import Sequence

from sync_assets_tests.real_wordpress.mirror import Mirror
from sync_assets_tests.real_wordpress.site import WordPressSite

Tombstones = set[tuple[str, int]]


def published(mirror: Mirror) -> list[int]:
    """The ids of the published posts, oldest id first."""
    rows = mirror.truth("posts").items()
    return sorted(
        wp_id for wp_id, row in rows if (row["type"], row["status"]) == ("post", "publish")
    )


def something_happens(mirror: Mirror) -> Tombstones:
    """Edits, hides and deletes a few posts; gives the tombstones that are due."""
    site, (edited, hidden, trashed, gone) = mirror.site, published(mirror)[-4:]
    site.edit_post(edited, title="Edited before the trouble")
    site.edit_post(hidden, status="draft")
    site.trash(trashed)
    site.delete(gone)
    return {("posts", gone)}


def delete_rows(site: WordPressSite, posts: Sequence[int]) -> None:
    """Deletes many posts at once, as plugins that clean up do."""
    ids = ", ".join(map(str, posts))
    site.database.execute(f"DELETE FROM wp_posts WHERE ID IN ({ids});")  # noqa: S608
