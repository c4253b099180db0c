"""A month as tables: pandas must not touch a digit."""

import csv
import io
from decimal import Decimal

import pandas as pd

from sync_assets.figures.frames import frames, to_csv
from sync_assets_tests.figures.made_up import HARD, summary, takings

LONG = "98765432109876543210.123456789"


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_money_in_a_frame_is_exact():
    [revenue] = frames(summary(takings(revenue=LONG)))["totals"]["revenue"]
    assert (type(revenue), str(revenue)) == (Decimal, LONG)


def test_an_id_beside_none_stays_a_whole_number():
    ids = frames(summary(takings()))["best_by_revenue"]["product_id"]
    assert ids.tolist() == [2**60, None]


def test_what_is_read_back_from_a_csv_is_what_was_written():
    month = summary(takings(revenue=LONG), takings("USD", "5"))
    rows = read(to_csv(month))
    totals = [row for row in rows if row["section"] == "totals"]
    assert [(x["currency"], x["revenue"], x["orders"]) for x in totals] == [
        ("BRL", LONG, "2"),
        ("USD", "5", "2"),
    ]
    [first, *_] = [row for row in rows if row["section"] == "best_by_revenue"]
    assert (first["title"], first["product_id"], first["units"]) == (f"{HARD} 0", str(2**60), "0")
    empty = [row for row in rows if row["section"] == "stock_at_zero"]
    assert [(x["product"], x["on_sale"], x["available"]) for x in empty][1] == (HARD, "False", "-1")


def test_a_csv_has_a_section_for_every_table():
    rows = read(to_csv(summary(takings())))
    assert list(dict.fromkeys(row["section"] for row in rows)) == list(frames(summary()))
    assert {row["month"] for row in rows} == {"2026-10"}


def test_a_csv_of_a_month_without_anything_has_its_columns():
    assert to_csv(summary(empty=0)).splitlines() == to_csv(summary(takings())).splitlines()[:1]


def test_pandas_reads_a_csv_back_with_its_sections():
    table = pd.read_csv(io.StringIO(to_csv(summary(takings()))), dtype=str)
    assert table.groupby("section").size().to_dict() == {
        "totals": 1,
        "days": 1,
        "best_by_revenue": 2,
        "best_by_units": 2,
        "stock_at_zero": 3,
    }
