"""Where buckets, objects and uploads are kept: tables in SQLite, bodies in files, lifecycle rules."""
