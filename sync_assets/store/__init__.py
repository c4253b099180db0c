"""PostgreSQL: tables, upserts, row security, checkpoints."""
