# Written by `make generate` from layout/storage/_async/__init__.py: change that.
"""The storage as it is written: async. `layout.storage._sync` is its twin, written by `make generate`."""
