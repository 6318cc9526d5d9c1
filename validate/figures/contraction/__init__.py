"""What the sections of the contraction command draw, from their results alone."""
