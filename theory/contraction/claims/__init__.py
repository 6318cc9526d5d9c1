"""Statements about one network that rational arithmetic decides, as `docs/certificates.md` lists them."""
