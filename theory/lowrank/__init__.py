"""The learning of low-rank networks, in the overlaps of their connectivity vectors; start with `theory.overlaps`."""
