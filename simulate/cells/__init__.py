"""Recurrent cells and their nonlinearities, written by hand from their equations; one short file each."""
