"""The storage as it is written: async. `layout.storage._sync` is its twin, written by `make generate`."""
