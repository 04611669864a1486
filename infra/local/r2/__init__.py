"""An S3 endpoint that accepts what Cloudflare R2 accepts and refuses what R2 refuses.

A request passes through these modules, in this order:

    server.py       sockets, one thread a connection
    request.py      the request as it was sent: raw path, headers, body stream
    signature.py    who signed it (chunked.py: bodies whose chunks are signed; temporary.py: session tokens)
    operations.py   which S3 operation it is
    rules.py        the table of R2's rules, each with the source of its fact
    scope.py        may this credential do that, to this key
    objects.py ...  what the operation does
    store.py        where it is kept
"""
