"""When a collection was last listed as a whole, and when that was begun in one piece."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Until a collection was listed once more, nothing but its whole listing will do."""
    op.execute(
        "ALTER TABLE sync.checkpoints ADD COLUMN listed_at timestamptz, "
        "ADD COLUMN begun_at timestamptz"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE sync.checkpoints DROP COLUMN listed_at, DROP COLUMN begun_at")
