"""What keeps an installation well: cleaning up, looking after its health, telling of failures."""
