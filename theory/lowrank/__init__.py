"""The learning of low-rank networks, in the overlaps of their connectivity vectors; `theory.overlaps` is the front door."""
