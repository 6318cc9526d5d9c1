"""What the sections of the contraction command predict, measure and compare."""
