"""Front ends: text of one language to the small language."""
