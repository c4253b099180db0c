"""The adapters, built from the settings at their first use: the only place where they meet."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sync_assets.core.errors import (
    OperatorMustAct,
)
from sync_assets.core.requests import BACKOFF
from sync_assets.settings import Settings
from sync_assets.store import embedded
from sync_assets.store.access_tokens import AccessTokens
from sync_assets.store.answers import Answers
from sync_assets.store.attempts import Attempts
from sync_assets.store.audit import Audit
from sync_assets.store.budgets import Budgets
from sync_assets.store.changes import Changes
from sync_assets.store.claims import Claims
from sync_assets.store.database import Database
from sync_assets.store.dead_letters import DeadLetters
from sync_assets.store.due import Due
from sync_assets.store.export import Export
from sync_assets.store.failed_checks import FailedChecks
from sync_assets.store.health import Health
from sync_assets.store.hints import Hints
from sync_assets.store.history import History
from sync_assets.store.hooks import Hooks
from sync_assets.store.keys import Keys
from sync_assets.store.ledger import Ledger
from sync_assets.store.migrate import migrate
from sync_assets.store.paces import Paces
from sync_assets.store.page_sessions import PageSessions
from sync_assets.store.queues import Queues
from sync_assets.store.requests import Requests
from sync_assets.store.secrets import Vault, key_file
from sync_assets.store.settling import Settling
from sync_assets.store.shops import Shops
from sync_assets.store.syncs import Syncs
from sync_assets.store.tenants import Tenants
from sync_assets.store.webhooks import Webhooks
from sync_assets.store.wishes import Wishes

if TYPE_CHECKING:
    from sync_assets.texts import Texts


@dataclass(frozen=True)
class Adapters:
    """Everything that reaches out of the program."""

    settings: Settings = field(default_factory=Settings)

    @cached_property
    def database_url(self) -> str:
        """The owner's URL; starts the embedded server where that one is used."""
        return database_url(self.settings)

    @cached_property
    def database(self) -> Database:
        """The database, at the newest schema."""
        database = Database(self.database_url)
        migrate(database)
        return database

    @cached_property
    def vault(self) -> Vault:
        """Seals and opens credentials."""
        return Vault(_secret_key(self.settings))

    @cached_property
    def tenants(self) -> Tenants:
        """The registered tenants."""
        return Tenants(self.database, self.vault)

    @cached_property
    def keys(self) -> Keys:
        """The API keys of organizations."""
        return Keys(self.database)

    @cached_property
    def page_sessions(self) -> PageSessions:
        """Who is signed in on the status pages."""
        return PageSessions(self.database)

    @cached_property
    def answers(self) -> Answers:
        """What the gateway has answered."""
        return Answers(self.database)

    @cached_property
    def audit(self) -> Audit:
        """Who asked the gateway for what."""
        return Audit(self.database)

    @cached_property
    def syncs(self) -> Syncs:
        """The record of syncs."""
        return Syncs(self.database)

    @cached_property
    def requests(self) -> Requests:
        """What was asked for."""
        return Requests(self.database)

    @cached_property
    def claims(self) -> Claims:
        """Which requests start next."""
        return Claims(self.database)

    @cached_property
    def hints(self) -> Hints:
        """What sources hinted at."""
        return Hints(self.database)

    @cached_property
    def hooks(self) -> Hooks:
        """Who may send hints."""
        return Hooks(self.database, self.vault)

    @cached_property
    def attempts(self) -> Attempts:
        """The attempts of requests that are at work."""
        return Attempts(self.database, self.settings.soft_limit, self.settings.hard_limit)

    @cached_property
    def settling(self) -> Settling:
        """What becomes of requests."""
        return Settling(self.database, replace(BACKOFF, base=self.settings.retry_after))

    @cached_property
    def due(self) -> Due:
        """For whom a sync is due."""
        return Due(self.database)

    @cached_property
    def history(self) -> History:
        """What was asked for, and how the queues stand."""
        return History(self.database)

    @cached_property
    def queues(self) -> Queues:
        """The queues, one organization at a time."""
        return Queues(self.database)

    @cached_property
    def wishes(self) -> Wishes:
        """What upkeep was asked for."""
        return Wishes(self.database)

    @cached_property
    def dead_letters(self) -> DeadLetters:
        """What could not be kept or done."""
        return DeadLetters(self.database)

    @cached_property
    def health(self) -> Health:
        """How streams stand."""
        return Health(self.database)

    @cached_property
    def failed_checks(self) -> FailedChecks:
        """The checks that were last told to fail."""
        return FailedChecks(self.database)

    @cached_property
    def changes(self) -> Changes:
        """What happened to the tenants' records."""
        return Changes(self.database)

    @cached_property
    def webhooks(self) -> Webhooks:
        """Where the tenants' changes are sent."""
        return Webhooks(self.database, self.vault)

    @cached_property
    def export(self) -> Export:
        """Reads rows back out."""
        return Export(self.database)

    @cached_property
    def shops(self) -> Shops:
        """The months of shops."""
        return Shops(self.database, ZoneInfo(self.settings.timezone))

    @cached_property
    def paces(self) -> Paces:
        """How often upstream accounts may be asked, shared by all processes."""
        return Paces(self.database)

    @cached_property
    def access_tokens(self) -> AccessTokens:
        """What platforms granted for a while, shared by all processes."""
        return AccessTokens(self.database, self.vault)

    @cached_property
    def budgets(self) -> Budgets:
        """What may be spent on embeddings."""
        settings = self.settings
        default, currency = settings.embeddings_budget, settings.embeddings_currency
        return Budgets(self.database, ZoneInfo(settings.timezone), default, currency)

    @cached_property
    def ledger(self) -> Ledger:
        """What was spent on embeddings."""
        return Ledger(self.database, self.budgets)

    @cached_property
    def texts(self) -> "Texts":
        """What is done with the tenants' texts; what cuts and embeds them is loaded for it."""
        from sync_assets.texts import Texts

        kept_back = self.due.kept_back
        return Texts(self.settings, self.database, self.budgets, self.ledger, kept_back)

    def close(self) -> None:
        """Close the connections that were opened."""
        if "database" in self.__dict__:
            self.database.close()


def database_url(settings: Settings) -> str:
    """The owner's URL: DATABASE_URL, or that of the embedded server, which is started."""
    given = settings.given_database_url
    if given is not None and not embedded.owns(settings.home, given):
        return given
    try:
        return embedded.ensure_running(settings.home).url()
    except embedded.EmbeddedPostgresError as error:
        raise OperatorMustAct(str(error)) from error


def uses_embedded_server(settings: Settings) -> bool:
    """Is the database the one that this program starts itself?"""
    given = settings.given_database_url
    return given is None or embedded.owns(settings.home, given)


def _secret_key(settings: Settings) -> str | None:
    """The key from the environment; beside the embedded server also a key file of its own."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    if not uses_embedded_server(settings):
        return None
    return key_file(settings.home / "secret.key")
