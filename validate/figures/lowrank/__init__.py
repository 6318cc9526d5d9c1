"""What the sections of the overlaps command draw, one file a section."""
