"""Encryption of credentials at rest."""

import logging
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from sync_assets.core.errors import OperatorMustAct

_log = logging.getLogger(__name__)


class Vault:
    """Seals secrets with SYNC_ASSETS_SECRET_KEY.

    Several keys, separated by commas: the first one seals, all of them open, so that a key can
    be replaced without losing what older ones sealed.
    """

    def __init__(self, keys: str | None) -> None:
        """`keys`: as in SYNC_ASSETS_SECRET_KEY; None until a credential is to be used."""
        self._keys = keys

    def seal(self, secret: str) -> bytes:
        """Encrypt and authenticate."""
        return self._fernet().encrypt(secret.encode())

    def open(self, sealed: bytes) -> str:
        """Decrypt; raises `OperatorMustAct` when it was sealed with another key."""
        try:
            return self._fernet().decrypt(sealed).decode()
        except InvalidToken as error:
            raise OperatorMustAct(
                "A stored credential was sealed with another SYNC_ASSETS_SECRET_KEY. Set that key "
                "again (several may be given, separated by commas), or store the credential anew."
            ) from error

    def _fernet(self) -> MultiFernet:
        if self._keys is None:
            raise OperatorMustAct(
                "SYNC_ASSETS_SECRET_KEY is not set, so no credential can be stored or used. "
                "Make a key with 'sync-assets new-secret-key' and keep it safe."
            )
        try:
            return MultiFernet([Fernet(key.strip()) for key in self._keys.split(",")])
        except ValueError as error:
            raise OperatorMustAct(
                "SYNC_ASSETS_SECRET_KEY is no key. Make one with 'sync-assets new-secret-key'."
            ) from error


def new_key() -> str:
    """A fresh key, for SYNC_ASSETS_SECRET_KEY."""
    return Fernet.generate_key().decode()


def key_file(path: Path) -> str:
    """The key in a file, made with mode 0600 at the first call, whoever comes first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    if not path.exists():
        draft.touch(mode=0o600)
        draft.write_text(new_key())
        try:
            path.hardlink_to(draft)
            _log.warning("Made a key for stored credentials: %s. Keep it with your backups.", path)
        except FileExistsError:
            pass  # another process was quicker; its key is the one
        finally:
            draft.unlink()
    return path.read_text().strip()
