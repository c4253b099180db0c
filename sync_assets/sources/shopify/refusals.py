"""What a refusal of Shopify's means: who has to act."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sync_assets.core.errors import SourceChanged, SyncError, TenantMustAct
from sync_assets.sources.answers import Answer, Unserved

THROTTLED = "THROTTLED"
TOO_DEAR = "MAX_COST_EXCEEDED"

Json = Mapping[str, Any]

_PASSING = {"INTERNAL_SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE"}


@dataclass(frozen=True, slots=True)
class Refusals:
    """The errors of one tenant's shop."""

    tenant: str

    def of_status(self, answer: Answer) -> SyncError:
        """What an answer means whose status is not one of success."""
        status, tenant = answer.status, self.tenant
        if status == 401:
            return self.bad_token()
        if status in {402, 423}:
            return TenantMustAct(
                f"{tenant}'s shop is closed ({status}): Shopify has frozen it, or it is not paid. "
                f"Open it again in Shopify, or give {tenant} another shop with 'sync-assets tenant "
                f"update {tenant} --url URL'."
            )
        if status == 403:
            return TenantMustAct(
                f"Shopify does not let the app into {tenant}'s shop (403). Install it there again, "
                f"and give its token with {self._update}."
            )
        if status == 404:
            return TenantMustAct(
                f"{tenant}'s address has no Shopify Admin API (404). Give the one that ends in "
                f".myshopify.com with 'sync-assets tenant update {tenant} --url URL'."
            )
        return SourceChanged(
            f"{tenant}'s shop refused a question ({status}), which Shopify does not promise."
        )

    def bad_token(self) -> TenantMustAct:
        """The token is wrong, or was taken back."""
        return TenantMustAct(
            f"{self.tenant}'s shop does not accept the app's token (401). Give the tenant a good "
            f"one with {self._update}."
        )

    def bad_secret(self) -> TenantMustAct:
        """The client id or secret is wrong, or the app was removed."""
        return TenantMustAct(
            f"{self.tenant}'s shop grants the app no token. Look whether the app is installed, and "
            f"give its client id and secret with {self._update}."
        )

    def in_the_clear(self) -> TenantMustAct:
        """The shop's address would show the app's secret to everybody on the way."""
        return TenantMustAct(
            f"{self.tenant}'s address does not begin with https://, so the app's token could be "
            "read on its way, and nothing was sent. Give the one that ends in .myshopify.com with "
            f"'sync-assets tenant update {self.tenant} --url https://SHOP.myshopify.com'."
        )

    def file_in_the_clear(self, kind: str) -> SourceChanged:
        """The address of a bulk operation's file is a secret, too."""
        return SourceChanged(
            f"{self.tenant}'s shop offers the file with its {kind} at an address that does not "
            "begin with https://, so it was not fetched. Shopify may have changed its API."
        )

    def no_credentials(self) -> TenantMustAct:
        """A shop shows nothing to strangers."""
        return TenantMustAct(
            f"{self.tenant} is public, and Shopify shows nothing to strangers. Give it an app's "
            f"token with {self._update}."
        )

    def missing(self, stream: str, scopes: Sequence[str]) -> TenantMustAct:
        """The app lacks scopes that a stream needs."""
        why = ""
        if "read_all_orders" in scopes:
            why = " Without read_all_orders, Shopify hides orders older than 60 days."
        return TenantMustAct(
            f"The app in {self.tenant}'s shop may not read everything of {stream}: it lacks "
            f"{', '.join(scopes)}.{why} Grant these scopes to the app in Shopify, and install it "
            f"again; a new token goes in with {self._update}."
        )

    def of_errors(self, operation: str, errors: object) -> SyncError:
        """What the errors mean that come under status 200."""
        code, tenant = first_code(errors), self.tenant
        if code == "ACCESS_DENIED":
            return TenantMustAct(
                f"The app in {tenant}'s shop may not ask {operation} (ACCESS_DENIED). Grant it the "
                "scopes read_products, read_inventory, read_locations, read_orders and "
                f"read_all_orders, install it again, and give a new token with {self._update}."
            )
        if code in _PASSING or code == THROTTLED:
            return Unserved(f"{tenant}'s shop did not answer {operation} ({code}).")
        if code == TOO_DEAR:
            return Unserved(f"{tenant}'s shop finds {operation} too dear, however small.")
        shown = f" ({code})" if code else ""
        return SourceChanged(
            f"{tenant}'s shop refused {operation}{shown}. Shopify may have changed its API."
        )

    def strange(self, operation: str) -> SourceChanged:
        """An answer that the schema does not allow."""
        return SourceChanged(
            f"{self.tenant}'s shop answered {operation} with something else than the schema has. "
            "Shopify may have changed its API."
        )

    def in_circles(self, kind: str) -> SourceChanged:
        """Pages whose cursors come again."""
        return SourceChanged(
            f"{self.tenant}'s shop lists {kind} in circles: a cursor came again that had been "
            "there before. Shopify may have changed its API."
        )

    @property
    def _update(self) -> str:
        return f"'sync-assets tenant update {self.tenant} --username CLIENT_ID --password-stdin'"


def first_error(errors: object) -> Json:
    """The first error; nothing where they are no list."""
    entries = cast("list[object]", errors) if isinstance(errors, list) else []
    found = [cast("Json", entry) for entry in entries if isinstance(entry, dict)]
    return found[0] if found else {}


def first_code(errors: object) -> str:
    """The code of the first error, made only of letters and underscores."""
    extensions = first_error(errors).get("extensions")
    code: object = None
    if isinstance(extensions, dict):
        code = cast("dict[str, object]", extensions).get("code")
    known = isinstance(code, str) and len(code) < 60 and code.replace("_", "").isalpha()
    return code if isinstance(code, str) and known else ""
