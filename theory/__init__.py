"""Derived theory: what must be true of learning in recurrent networks, symbolically and with proofs."""
