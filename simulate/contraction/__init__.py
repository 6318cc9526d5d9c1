"""Contracting networks and their assemblies: simulated, attacked, drawn, parametrised and trained."""
