"""Documents in MongoDB that name objects of a bucket: where they do, what they mean, and how they follow a move.

::

    table       which fields of which collections name objects: declared, as the scheme is
    walking     the values of a declared field in one document
    resolving   which object a value means; pure
    scanning    all values of a database, in flat memory                   reads documents
    tracking    the records of one owner's uploads                         deletes documents
    rewriting   one value for another, compared and set in one step        writes documents

PyMongo is imported by `connecting`, `scanning`, `rewriting` and `tracking` only: the extra `mongo`.
"""
