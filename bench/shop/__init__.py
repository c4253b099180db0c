"""The benchmark of a shop: this program and dlt read the same orders into the same PostgreSQL."""
