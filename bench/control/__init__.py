"""The control plane's benchmark: what asking, queueing and running through Dagster costs."""
