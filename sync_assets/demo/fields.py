"""ACF fields of the demo's content, in every shape that the plugin gives them.

A field that was never saved is null, an emptied one "", an unset relation false, an empty choice
a list without items.
"""

from sync_assets.demo.articles import Article


def article_fields(article: Article, media: list[int]) -> object:
    """The field group "Reportagem". Every ninth article has no fields at all: a list, not {}."""
    number = article.number
    if number % 9 == 8:
        return []
    return {
        "subtitulo": ("", article.lead, None)[number % 3],
        "leitura_minutos": None if number % 7 == 6 else 3 + number % 6,
        "destaque": number % 10 == 0,
        "patrocinador": (False, "", media[number % len(media)], None)[number % 4],
        "galeria": [] if number % 5 else [media[number % len(media)], media[-1 - number % 7]],
        "ficha": _facts(article),
        "fontes": _sources(article) if number % 3 == 0 else False,
    }


def event_fields(event: dict[str, str], place: str) -> object:
    """The field group "Evento": a group and a repeater."""
    programme: list[dict[str, object]] = [
        {"hora": "abertura", "atividade": event["title"], "convidados": []},
        {"hora": "encerramento", "atividade": "Conversa com a redação", "convidados": ""},
    ]
    return {
        "inicio": event["date"].replace("T", " "),
        "gratuito": "oficina" not in event["title"].lower(),
        "local": {"cidade": event["cidade"], "bairro": place, "mapa": None},
        "programacao": programme,
    }


def _facts(article: Article) -> dict[str, object]:
    """A group within the group."""
    place = article.place
    price = {"de": article.number % 40, "ate": None if article.number % 6 else 120}
    return {"cidade": place.cidade, "uf": place.state, "preco": price, "acessivel": True}


def _sources(article: Article) -> list[dict[str, object]]:
    """A repeater with one to three rows."""
    return [
        {"nome": bairro, "tipo": "moradores", "link": ""}
        for bairro in article.place.bairros[: 1 + article.number % 3]
    ]
