"""Who asks, and what that opens: signatures, temporary credentials, permissions and scopes."""
