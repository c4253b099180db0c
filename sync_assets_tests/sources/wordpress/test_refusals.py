"""What WordPress's refusals mean."""

from typing import Any, cast

import pytest

from sync_assets.core.errors import SourceChanged, TenantMustAct
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.sources.answers import Answer
from sync_assets.sources.http import HttpSession
from sync_assets.sources.wordpress.address import ApiRoot
from sync_assets.sources.wordpress.client import Client

TENANT = Tenant("acme", "wordpress", "agency", "https://acme.test", Credentials("ana", "x"))
NO_SESSION = cast(HttpSession, None)  # nothing is asked


def refusal(params: dict[str, str], **data: Any) -> Exception:
    """What a 400 about these parameters means."""
    error = {"code": "rest_invalid_param", "data": {"status": 400, "params": params, **data}}
    client = Client(NO_SESSION, ApiRoot("https://acme.test/wp-json"), TENANT)
    return client.refusal(Answer(400, {}, error, "https://acme.test/wp-json/wp/v2/posts"))


def test_a_refused_status_means_that_the_password_is_no_longer_accepted() -> None:
    error = refusal({"status": "Status is forbidden."})
    assert isinstance(error, TenantMustAct)
    assert "does not accept the credentials (400 rest_invalid_param)" in str(error)


@pytest.mark.parametrize(
    ("status", "said"),
    [(401, "does not accept the credentials"), (403, "does not let this user read everything")],
)
def test_newer_versions_say_what_a_refused_status_means(status: int, said: str) -> None:
    details = {"status": {"code": "rest_forbidden_status", "data": {"status": status}}}
    assert said in str(refusal({"status": "Status is forbidden."}, details=details))


def test_another_refused_parameter_is_ours_to_look_at() -> None:
    assert isinstance(refusal({"per_page": "per_page must be…"}), SourceChanged)
