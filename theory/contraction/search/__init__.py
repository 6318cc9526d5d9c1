"""Floating point proposes claims; each is returned only after rational arithmetic has proved it."""
