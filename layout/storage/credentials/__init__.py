"""Temporary credentials: what they are, how they are minted and signed, how they renew themselves."""
