"""The files of a bucket as they lie on this machine, moved from an old layout into the new one by the same plan.

What a bucket copies has two names here: a file is linked at its new path, which copies nothing, until delete takes
the old name away. Databases, and what cannot be linked, are copied. Nothing here talks to a bucket.
"""
