"""The vocabulary of the two markets that shops are made for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Market:
    """A country's words, money and habits; `tax` is a percentage of each line."""

    name: str
    domain: str
    zone: str
    currency: str
    foreign: Mapping[str, Decimal]
    country: str
    tax: int
    taxes_included: bool
    things: Sequence[str]
    qualities: Sequence[str]
    materials: Sequence[str]
    types: Sequence[str]
    vendors: Sequence[str]
    sentences: Sequence[str]
    choices: Mapping[str, Sequence[str]]
    tags: Sequence[str]
    cities: Sequence[str]
    first_names: Sequence[str]
    last_names: Sequence[str]
    codes: Sequence[tuple[str, int]]
    gateways: Sequence[str]
    notes: Sequence[str]


BRAZIL = Market(
    name="Empório Maré Alta",
    domain="emporio-mare-alta",
    zone="America/Sao_Paulo",
    currency="BRL",
    foreign={"USD": Decimal("0.1875")},
    country="BR",
    tax=12,
    taxes_included=True,
    things=("Camiseta", "Rede de descanso", "Caneca", "Sandália", "Canga", "Bolsa de praia",
            "Café torrado", "Luminária", "Chapéu", "Vela aromática", "Manta", "Garrafa térmica"),
    qualities=("Praia do Forte", "Atlântico", "Canoa", "Jangada", "São João", "Ipê-amarelo",
               "Caiçara", "Recôncavo", "Maré Cheia", "Vento Sul", "Sertão", "Açaí"),
    materials=("de algodão orgânico", "de linho", "artesanal", "de cerâmica", "reciclada",
               "de palha", "edição limitada", "com bordado à mão"),
    types=("Vestuário", "Casa & decoração", "Bebidas", "Acessórios"),
    vendors=("Oficina da Maré", "Algodão & Cia.", "Cerâmica Três Irmãs", "Torrefação d'Oeste"),
    sentences=("Feita à mão por artesãs do litoral, em pequenas séries.",
               "Lave à sombra e não use alvejante — a cor agradece.",
               "Acompanha saco de algodão e cartão com a história da peça.",
               "Frete grátis acima de R$ 299 para todo o Brasil 🌊.",
               "Cada unidade é única: pequenas variações fazem parte do processo."),
    choices={"Cor": ("Azul", "Areia", "Coral", "Verde-água", "Preto"),
             "Tamanho": ("P", "M", "G", "GG"), "Modelo": ("Clássico", "Novo")},
    tags=("verão", "presente", "promoção", "feito à mão", "novidade", "algodão"),
    cities=("Santos", "Florianópolis", "Recife", "São Luís", "Vitória", "Natal", "Belém"),
    first_names=("Ana", "João", "Conceição", "Luís", "Beatriz", "Otávio", "Iara", "Antônio"),
    last_names=("Souza", "Gonçalves", "da Conceição", "Araújo", "D'Ávila", "Brandão"),
    codes=(("BEMVINDO10", 10), ("VERAO25", 25), ("FRETE&MAIS5", 5)),
    gateways=("pix", "mercado_pago", "boleto"),
    notes=("Entregar na portaria", "É presente, sem nota na caixa", "Ligar antes: (13) 5555-0199"),
)  # fmt: skip

UNITED_STATES = Market(
    name="Harbor & Pine",
    domain="harbor-and-pine",
    zone="America/New_York",
    currency="USD",
    foreign={"CAD": Decimal("1.3725"), "EUR": Decimal("0.9150")},
    country="US",
    tax=8,
    taxes_included=False,
    things=("Field Jacket", "Enamel Mug", "Wool Blanket", "Trail Cap", "Candle", "Tote Bag",
            "Rain Shell", "Notebook", "Throw Pillow", "Cold Brew", "Camp Lantern", "Beanie"),
    qualities=("Harbor", "Pine Ridge", "Northshore", "Driftwood", "Cedar", "Lighthouse",
               "Blue Hour", "Saltbox", "Acadia", "Granite", "Tideline", "Wren"),
    materials=("in Waxed Canvas", "Organic", "Hand-Thrown", "Recycled", "Limited Edition",
               "No. 5", "with Patch", '12"'),
    types=("Apparel", "Home & Living", "Drinks", "Accessories"),
    vendors=("Harbor & Pine", "Maker's Row", "North Coast Mills", "Café Söderberg"),
    sentences=("Made in small batches in Maine.",
               "Machine wash cold; hang to dry — it only gets better.",
               "Ships in plastic-free packaging with a lifetime guarantee.",
               "A favorite of early risers & late talkers ☕.",
               "Colors vary slightly from piece to piece."),
    choices={"Color": ("Navy", "Sand", "Rust", "Forest", "Black"),
             "Size": ("S", "M", "L", "XL"), "Style": ("Classic", "New")},
    tags=("summer", "gift", "sale", "handmade", "new", "cotton"),
    cities=("Portland", "Burlington", "Providence", "Salem", "Albany", "Ithaca", "Bangor"),
    first_names=("Emma", "Noah", "Zoë", "Liam", "Grace", "Owen", "Chloé", "Miles"),
    last_names=("Walker", "O'Brien", "Nguyen", "García", "Smith", "St. John"),
    codes=(("WELCOME10", 10), ("SUMMER25", 25), ("TAKE5", 5)),
    gateways=("shopify_payments", "paypal", "manual"),
    notes=("Leave at the side door", "Gift — no invoice please", "Call first: (207) 555-0199"),
)  # fmt: skip

MARKETS: Mapping[str, Market] = {"br": BRAZIL, "us": UNITED_STATES}
