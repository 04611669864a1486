"""An S3 endpoint that accepts what Cloudflare R2 accepts and refuses what R2 refuses.

A request passes through these modules, in this order:

    server.py              sockets, one thread a connection
    protocol/request.py    the request as it was sent: raw path, headers, body stream
    endpoint.py            the way from here to the answer, and the log
    routes.py              which S3 operation it is
    auth/caller.py         who asks, and what that opens (signature.py; temporary.py: session tokens)
    operations/rules.py    the table of R2's rules, each with the source of its fact
    operations/            what the operation does: reading.py writing.py multipart.py listing.py ...
    store/store.py         where it is kept
"""
