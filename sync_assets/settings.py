"""The environment, typed; nothing else reads it."""

import os
import re
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated, cast
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PROJECT = Path(__file__).resolve().parent.parent
"""The folder that holds `dagster.yaml` and `workspace.yaml`."""

_ORIGIN = re.compile(r"https?://[^/?#*@\s]+")


class Settings(BaseSettings):
    """What the operator decides, from the environment.

    Raises:
        pydantic.ValidationError: a variable has a value that cannot be used.
    """

    model_config = SettingsConfigDict(env_prefix="SYNC_ASSETS_", env_ignore_empty=True)

    database_url: SecretStr | None = Field(default=None, validation_alias="DATABASE_URL")
    home: Path = PROJECT / ".sync_assets"
    secret_key: SecretStr | None = None
    timezone: str = "America/Sao_Paulo"
    allow_private_urls: bool = False
    log_level: str = "INFO"
    request_interval: int = Field(default=10, ge=1)
    """Seconds between two looks at the requests."""
    retry_after: float = Field(default=30, gt=0)
    """Seconds until the second attempt of a request, about; twice as many until the third."""
    sweep_turn: float = Field(default=60, ge=0)
    """Seconds that a tenant may take in a sweep, and that a sweep begins tenants."""
    soft_limit: int | None = Field(default=None, ge=1)
    hard_limit: int | None = Field(default=None, ge=1)
    """Seconds that a sync may take, instead of those of its queue; see `core.queues`."""
    keep_requests_days: int = Field(default=30, ge=0)
    """Whole days for which ended requests are kept, with their syncs; 0 keeps them for ever."""
    keep_logs_days: int = Field(default=14, ge=0)
    keep_dead_letters_days: int = Field(default=90, ge=0)
    """Days for which a dead letter is kept after it was resolved."""
    keep_changes_days: int = Field(default=7, ge=0)
    """Days for which the change feed can be read back."""
    keep_audit_days: int = Field(default=90, ge=0)
    """Days for which is kept who asked the gateway for what."""
    keep_runs_days: int = Field(default=7, ge=0)
    """Days for which Dagster's runs are kept, with their event logs."""
    alert_webhook: SecretStr | None = None
    """Where to tell of failed requests; secret, because such addresses hold tokens."""

    embeddings: bool = True
    """Embed the texts of tenants; a tenant's setting `embeddings=off` spares its own."""
    embeddings_url: str | None = None
    """Base address of an OpenAI-compatible API, such as https://api.openai.com/v1; None uses the
    model that comes with the program."""
    embeddings_model: str | None = None
    embeddings_api_key: SecretStr | None = None
    embeddings_dimension: int | None = Field(default=None, ge=1, le=4000)
    """What the model's vectors have; needed for models that the program does not know."""
    embeddings_prices: dict[str, Decimal] = Field(default_factory=dict)
    """Money per million tokens, by model."""
    embeddings_currency: str = Field(default="USD", pattern="^[A-Z]{3}$")
    embeddings_budget: Decimal | None = Field(default=Decimal(5), ge=0)
    """Money a month for a tenant that has no budget of its own."""

    gateway_host: str = "127.0.0.1"
    gateway_port: int = Field(default=3001, ge=1, le=65535)
    gateway_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Web sites, such as https://app.example, whose pages may ask the gateway from a browser;
    separated by commas."""
    gateway_rate: float = Field(default=600, gt=0)
    """Calls a minute of one API key."""

    @field_validator("gateway_origins", mode="before")
    @classmethod
    def _origins(cls, value: object) -> object:
        origins = value.split(",") if isinstance(value, str) else value
        if isinstance(origins, list | tuple):
            found = [str(origin).strip().rstrip("/") for origin in cast("list[object]", origins)]
            if all(map(_ORIGIN.fullmatch, found)):
                return tuple(found)
        raise ValueError(
            "SYNC_ASSETS_GATEWAY_ORIGINS names web sites, such as https://app.example, separated "
            "by commas."
        )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(
                f"SYNC_ASSETS_TIMEZONE is {value!r}, which is no time zone."
            ) from error
        return value

    @field_validator("home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @cached_property
    def given_database_url(self) -> str | None:
        """`DATABASE_URL` as given, None where the embedded server is to be used."""
        return self.database_url.get_secret_value() if self.database_url else None

    def required_database_url(self) -> str:
        """`DATABASE_URL`, for tools such as `alembic` that start no server themselves."""
        if self.given_database_url is None:
            raise ValueError("Set DATABASE_URL first, or run 'eval \"$(sync-assets env)\"'.")
        return self.given_database_url


def inherited() -> dict[str, str]:
    """This process's whole environment, to be handed on to its children."""
    return dict(os.environ)
