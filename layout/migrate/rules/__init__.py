"""Rules of an operator: what becomes of objects and users that a layout alone cannot decide about."""
