"""The grammar of asset keys: source, then stream."""

import dagster as dg


def asset_key(source: str, stream: str) -> dg.AssetKey:
    """The key of a stream's asset."""
    return dg.AssetKey([source, stream])


def step_name(source: str, part: str) -> str:
    """The step, or the steps' common name, by which Dagster materializes a part."""
    return f"{source}__{part}"


def stream_of(key: dg.AssetKey) -> str:
    """The stream that an asset key names."""
    return key.path[1]
