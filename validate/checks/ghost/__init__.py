"""What the sections of the ghost command predict, measure and compare, one file a section."""
