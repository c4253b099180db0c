"""What a chunk is known by."""

from sync_assets.core.texts import Chunk


def test_a_text_is_known_by_itself_wherever_it_stands():
    assert Chunk(0, "", "Olá").hash == Chunk(7, "Sobre nós", "Olá").hash
    assert Chunk(0, "", "Olá").hash != Chunk(0, "", "Ola").hash
    assert len(Chunk(0, "", "").hash) == 16


def test_an_accent_is_the_same_however_it_is_written():
    assert Chunk(0, "", "Ol\u00e1").hash == Chunk(0, "", "Ola\u0301").hash
