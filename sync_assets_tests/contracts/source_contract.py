"""The contract of a source: subclass this, and give it a fixture `lab`."""

from sync_assets_tests.contracts.reading_contract import (
    AbsenceContract,
    FetchContract,
    ListingContract,
    SpecContract,
    SyncContract,
)
from sync_assets_tests.contracts.trouble_contract import (
    BadRecordContract,
    CredentialsContract,
    PatienceContract,
    SecrecyContract,
    StopContract,
)


class SourceContract(
    SpecContract,
    ListingContract,
    FetchContract,
    AbsenceContract,
    SyncContract,
    CredentialsContract,
    PatienceContract,
    StopContract,
    BadRecordContract,
    SecrecyContract,
):
    """Everything that the rest of the program relies on."""
