"""Hostile input by the thousand: models, configurations and requirements that are broken at random."""
