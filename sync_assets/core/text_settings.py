"""What a tenant may wish for its texts; the settings of every source that has some."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from sync_assets.core.errors import TenantMustAct
from sync_assets.core.streams import Setting

LANGUAGES = "pt,en"
"""The languages of a tenant that names none."""

MOST_LANGUAGES = 5
"""A text is indexed once in each language, within the megabyte that PostgreSQL allows."""

_CODE = re.compile(r"([a-z]{2,3})([-_][a-z0-9]{2,8})?", re.IGNORECASE)

_CONFIGURATIONS: Mapping[str, str] = {
    "ar": "arabic",
    "ca": "catalan",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "eu": "basque",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "ne": "nepali",
    "nl": "dutch",
    "nn": "norwegian",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}
"""PostgreSQL's rules for words, as its oldest version that we support has them."""


def languages(text: str) -> tuple[str, ...]:
    """Codes such as `pt` and `en` from `pt,en`, each once; ValueError for what is none."""
    found: dict[str, None] = {}
    for part in (part.strip() for part in text.split(",")):
        code = _CODE.fullmatch(part)
        if code is None:
            raise ValueError(f"{part!r:.60} is no language's code, such as pt or en.")
        found[code[1].lower()] = None
    if len(found) > MOST_LANGUAGES:
        raise ValueError(f"{len(found)} languages are more than the {MOST_LANGUAGES} that fit.")
    return tuple(found)


def switch(text: str) -> bool:
    """On or off; ValueError for anything else."""
    value = text.strip().lower()
    if value in {"on", "true", "yes", "1"}:
        return True
    if value in {"off", "false", "no", "0"}:
        return False
    raise ValueError(f"{text!r:.60} is neither 'on' nor 'off'.")


TEXT_SETTINGS: Mapping[str, Setting] = {
    "embeddings": Setting("Whether texts are embedded, to be found by search: on or off.", switch),
    "embed_unpublished": Setting(
        "Whether drafts, private and password-protected texts are embedded, too: on or off "
        "(default).",
        switch,
    ),
    "language": Setting(
        f"The languages of the texts, by their codes, separated by commas; default {LANGUAGES}.",
        languages,
    ),
}


class TextWishes(NamedTuple):
    """A tenant's wishes for its texts, parsed.

    Attributes:
        embed: False where nothing shall be embedded.
        unpublished: whether what is not public counts as well.
        languages: their codes.
    """

    embed: bool = True
    unpublished: bool = False
    languages: tuple[str, ...] = languages(LANGUAGES)

    @classmethod
    def parse(cls, tenant: str, settings: Mapping[str, str]) -> "TextWishes":
        """From text; raises `TenantMustAct` for a value that cannot be."""
        try:
            return cls(
                switch(settings.get("embeddings", "on")),
                switch(settings.get("embed_unpublished", "off")),
                languages(settings.get("language", LANGUAGES)),
            )
        except ValueError as error:
            raise TenantMustAct(
                f"A setting of {tenant} cannot be used: {error} "
                f"Change it with 'sync-assets tenant update {tenant} --setting NAME=VALUE'."
            ) from error

    @property
    def configurations(self) -> tuple[str, ...]:
        """PostgreSQL's text search configurations for the languages; `simple` for one unknown."""
        return tuple(dict.fromkeys(_CONFIGURATIONS.get(code, "simple") for code in self.languages))
