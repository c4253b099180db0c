"""Keeps many tenants' data in step with the platforms they use, on Dagster."""
