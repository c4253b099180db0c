"""A tenant is a partition: one dynamic partitions definition for each source."""

import dagster as dg


def tenants_of(source: str) -> dg.DynamicPartitionsDefinition:
    """The partitions definition `{source}_tenants`."""
    return dg.DynamicPartitionsDefinition(name=f"{source}_tenants")
