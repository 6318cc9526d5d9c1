"""The checks behind each command, one module a subject."""
