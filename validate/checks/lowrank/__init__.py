"""What the sections of the overlaps command predict, measure and compare, one file a section."""
