"""The checks behind the commands, one folder a command."""
