"""Figures, drawn from the results of `validate.checks` and from nothing else; one folder a command."""
