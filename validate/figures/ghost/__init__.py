"""What the sections of the ghost command draw, one file a section."""
