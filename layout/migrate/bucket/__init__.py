"""The bucket of a migration by raw keys: reading, writing, and looking at many keys at once."""
