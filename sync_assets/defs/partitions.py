"""A tenant is a partition: one dynamic partitions definition for each source."""

import dagster as dg

TENANT_TAG = "dagster/partition"
"""The tag with which a request names its tenant."""


def tenants_of(source: str) -> dg.DynamicPartitionsDefinition:
    """The partitions definition `{source}_tenants`."""
    return dg.DynamicPartitionsDefinition(name=f"{source}_tenants")


def tenant_of(
    context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext | dg.OpExecutionContext,
) -> str:
    """The tenant that a step is for; fails the step when its run names none."""
    if not context.has_partition_key:
        raise dg.Failure(
            description=f"The run names no tenant: launch it with the tag {TENANT_TAG!r}, whose "
            "value is the tenant's id.",
            allow_retries=False,
        )
    return context.partition_key
