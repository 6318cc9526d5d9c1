"""Claims held against ground truth; every module with a command runs as `python -m validate.NAME`."""
