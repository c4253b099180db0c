"""Removes a tenant's partition: `python -m sync_assets.defs.forget SOURCE TENANT`."""

import sys

from sync_assets.start_up import loading

with loading():
    import dagster as dg

    from sync_assets.defs.partitions import tenants_of


def forget(source: str, tenant: str, instance: dg.DagsterInstance) -> None:
    """Remove the partition of a tenant; harmless when there is none."""
    name = str(tenants_of(source).name)
    if instance.has_dynamic_partition(name, tenant):
        instance.delete_dynamic_partition(name, tenant)


if __name__ == "__main__":
    with dg.DagsterInstance.get() as own:
        forget(sys.argv[1], sys.argv[2], own)
