"""The status page: what a tenant's people see of their syncs, in a browser."""
