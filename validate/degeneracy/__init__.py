"""How differently networks end that were trained alike, and what of that is more than a null."""
