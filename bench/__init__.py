"""The benchmark: this program, a plain loop and dlt, on the same site and the same PostgreSQL."""
