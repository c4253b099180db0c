"""Payloads as WordPress sends them, to be changed by the tests."""

from typing import Any


def post(**changes: Any) -> dict[str, Any]:
    return {
        "id": 7,
        "date_gmt": "2024-05-01T13:00:00",
        "modified_gmt": "2024-05-02T10:20:30",
        "slug": "ola-mundo",
        "status": "publish",
        "type": "post",
        "link": "https://acme.example/ola-mundo/",
        "title": {"raw": "Olá & mundo"},
        "content": {"raw": "<p>Olá</p>"},
        "excerpt": {"raw": ""},
        "author": 3,
        "featured_media": 0,
        "template": "",
        "sticky": True,
        "categories": [5, 2],
        "tags": [],
        "acf": [],
        **changes,
    }


def page(**changes: Any) -> dict[str, Any]:
    sent = post(**{"type": "page", "parent": 0, "menu_order": 2, **changes})
    for name in {"sticky", "categories", "tags"} - changes.keys():
        del sent[name]
    return sent


def media(**changes: Any) -> dict[str, Any]:
    return {
        "id": 9,
        "date_gmt": "2024-05-01T13:00:00",
        "modified_gmt": "2024-05-02T10:20:30",
        "slug": "farol",
        "status": "inherit",
        "type": "attachment",
        "link": "https://acme.example/farol/",
        "title": {"raw": "Farol"},
        "caption": {"raw": "Foto: acervo"},
        "description": {"raw": ""},
        "alt_text": "Um farol",
        "mime_type": "image/jpeg",
        "media_details": {"width": 1600, "height": 1067},
        "post": 7,
        "source_url": "https://acme.example/farol.jpg",
        "author": 3,
        "acf": {"crédito": "Ana", "licença": ""},
        **changes,
    }


def term(**changes: Any) -> dict[str, Any]:
    return {
        "id": 5,
        "name": "Praia &amp; mar",
        "slug": "praia-mar",
        "description": "",
        "parent": 2,
        "acf": False,
        **changes,
    }
