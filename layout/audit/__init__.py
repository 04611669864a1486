"""What is in a bucket, and what does not fit together: `r2-layout audit`.

- `collect` reads the bucket once, and keeps in a temporary SQLite file what has to be compared.
- `judge` makes a report of that, without asking anybody anything.
- `report` is the report as a document, which can be kept, and read again by `text` and `page`.

Nothing in here can write into a bucket: it holds a `BucketReader`, and an import contract forbids the writers.
"""
