"""The learning of a low-rank network as closed equations for the overlaps of its connectivity vectors."""
