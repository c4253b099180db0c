"""What Dagster loads: a file for each concept."""
