"""A month as a picture and as Markdown."""

import io
import re
from dataclasses import replace
from decimal import Decimal

import pytest
from PIL import Image

from sync_assets.core.shops import ShopSummary, shown
from sync_assets.figures.chart import SIZE, to_png
from sync_assets.figures.markdown import SHOWN, to_markdown
from sync_assets_tests.figures.made_up import summary, takings


def drawn(month: ShopSummary) -> Image.Image:
    file = io.BytesIO()
    to_png(month, file)
    picture = Image.open(file)
    picture.load()
    return picture


@pytest.mark.parametrize("currencies", [0, 1, 2, 5])
def test_a_picture_has_its_size_however_many_currencies_there_are(currencies: int):
    month = summary(*(takings(f"C{number}", "9.90") for number in range(currencies)))
    picture = drawn(month)
    assert (picture.format, picture.size) == ("PNG", SIZE)


def test_a_picture_shows_what_was_sold_and_what_came_back():
    def colours(month: ShopSummary) -> set[tuple[int, ...]]:
        found = drawn(month).convert("RGB").getcolors(SIZE[0] * SIZE[1])
        return {colour for _, colour in found or [] if isinstance(colour, tuple)}

    blue, red = (0x2A, 0x6F, 0x97), (0xD1, 0x49, 0x5B)
    assert {blue, red} <= colours(summary(takings()))
    assert not {blue, red} & colours(summary())


def test_a_title_in_a_script_without_letters_is_no_error():
    month = summary(takings())
    tea = replace(month.products[0], title="雪の茶 🍵")
    assert drawn(replace(month, products=[tea])).size == SIZE


def test_each_row_of_a_markdown_table_has_as_many_cells_as_its_head():
    for table in to_markdown(summary(takings())).split("\n\n"):
        rows = [re.split(r"(?<!\\)\|", row) for row in table.splitlines()]
        assert len({len(row) for row in rows}) == 1
        assert len(rows) > 2


def test_what_a_title_says_is_no_markup():
    text = to_markdown(summary(takings()))
    assert r"\<b>\*novo\*\</b>" in text
    assert r"\_ótimo\_" in text


def test_markdown_stays_short_and_says_how_much_there_is():
    text = to_markdown(summary(takings(), products=10, empty=10))
    assert len(text.splitlines()) == 3 + 2 * (SHOWN + 2) + 2
    assert "sold out: 10,000" in text


def test_a_month_without_anything_is_a_sentence():
    assert to_markdown(summary(empty=0)) == (
        "No order and no refund in 2026-10 (America/Sao\\_Paulo)."
    )


@pytest.mark.parametrize(
    ("amount", "text"),
    [("1234.5", "1,234.50"), ("7", "7.00"), ("0.1234", "0.1234"), ("-1E+3", "-1,000.00")],
)
def test_an_amount_has_cents_and_is_never_rounded(amount: str, text: str):
    assert shown(Decimal(amount)) == text
