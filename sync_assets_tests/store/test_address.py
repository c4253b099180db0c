"""What DATABASE_URL may look like."""

import pytest
from sqlalchemy import make_url

from sync_assets.core.errors import OperatorMustAct
from sync_assets.store.address import Address


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://host", {"host": "host"}),
        ("postgres://u@host/d", {"user": "u", "host": "host", "dbname": "d"}),
        ("postgresql+psycopg2://u:p@h:5/d", {"password": "p", "port": 5}),
        ("postgresql://u:p%40ss%2Bw+rd@h/d", {"password": "p@ss+w+rd", "host": "h"}),
        ("postgresql://u:p/q?r#s@h/d", {"password": "p/q?r#s", "host": "h", "dbname": "d"}),
        ("postgresql://u%40h:p@h/d", {"user": "u@h"}),
        ("postgresql://[::1]:5433/d", {"host": "::1", "port": 5433}),
        ("postgresql:///d?host=/var/run/postgresql", {"host": "/var/run/postgresql"}),
        ("postgresql://h/d?sslmode=require&host=a&host=b", {"sslmode": "require", "host": "a,b"}),
        ("postgresql://h/d?options=-cfoo%3D1&connect_timeout=3", {"options": "-cfoo=1"}),
        ("postgresql:///d?host=a:5432&host=b:5433", {"host": "a,b", "port": "5432,5433"}),
        ("postgresql:///d?host=a:5432", {"host": "a", "port": "5432"}),
        ("postgresql://u@server:p@h/d", {"user": "u@server", "password": "p", "host": "h"}),
        ("postgresql://h/my db", {"dbname": "my db"}),
        ("postgresql://h/größe", {"dbname": "größe"}),
        (" postgresql://h/d\n", {"host": "h", "dbname": "d"}),
    ],
)
def test_an_address_is_what_the_url_says(url: str, told: dict[str, object]):
    assert told.items() <= Address.parse(url).parameters().items()


def test_what_the_url_says_is_stronger_than_what_is_usual():
    assert Address.parse("postgresql://h/d").parameters()["connect_timeout"] == 10
    address = Address.parse("postgresql://h/d?connect_timeout=3&options=-cfoo%3D1")
    assert address.parameters()["connect_timeout"] == "3"
    assert address.parameters(options="-cbar=1")["options"] == "-cbar=1"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "postgresql:/d",
        "postgresql://h:port/d",
        "://h",
        "postgresql://us?er:secret@h/d",
    ],
)
def test_a_url_that_cannot_be_read_is_answered_with_how_one_looks(url: str):
    with pytest.raises(OperatorMustAct, match="looks like postgresql://user"):
        Address.parse(url)


@pytest.mark.parametrize("url", ["mysql://u:p@h/d", "mysql+pymysql://h/d", "sqlite:///d"])
def test_another_database_is_named_and_refused(url: str):
    with pytest.raises(OperatorMustAct, match=r"names (mysql|sqlite); only PostgreSQL"):
        Address.parse(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p%40%2F%25ss@h:5/d?sslmode=require&options=-cfoo%3D1%20-cbar%3D2",
        "postgresql://[::1]/a%20name",
        "postgresql:///d?host=/var/run/postgresql",
        "postgresql://u%40h@h/",
    ],
)
def test_an_address_survives_being_written_as_a_url(url: str):
    address = Address.parse(url)
    assert Address.parse(address.url()) == address
    assert Address.parse(address.url("psycopg2", options="-cx=1")).options["options"] == "-cx=1"


def test_nobody_gets_to_see_the_password():
    address = Address.parse("postgresql://u:secret@h/d")
    assert address.shown == "postgresql://u:***@h/d"
    other = Address.parse("postgresql://h/d?password=secret&sslpassword=secret&sslmode=require")
    assert "sslmode=require" in other.shown
    assert "secret" not in f"{address} {address!r} {other} {other.shown}"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p%40%2F%25ss@h:5/d?sslmode=require",
        "postgresql:///d?host=a:5432&host=b:5433",
        "postgresql://[::1]:5/my db",
        "postgresql://u@server:p@h/a%20b",
        "postgresql:///d?host=/var/run/postgresql",
    ],
)
def test_dagster_reads_the_same_from_the_url_that_it_is_given(url: str):
    address = Address.parse(url)
    theirs = make_url(address.url("psycopg2"))
    _, read = theirs.get_dialect()().create_connect_args(theirs)
    ours = address.parameters()
    assert {name: str(value) for name, value in read.items()} == {
        name: str(ours[name]) for name in read
    }
    assert {"dbname", "password", "host", "port", "user"} & ours.keys() <= read.keys()
