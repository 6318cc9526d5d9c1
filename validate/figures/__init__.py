"""Figures, drawn from the results of `validate.checks` and from nothing else; one module a section."""
