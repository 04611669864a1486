"""Another object at a new key: what is known of both, and what a rule decides."""
