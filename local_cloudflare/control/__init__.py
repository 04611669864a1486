"""The part of Cloudflare's v4 API that this project uses, on this machine.

    http.py         sockets, one thread a connection
    request.py      the request: path, query, JSON body checked against a model
    envelope.py     the answer: Cloudflare's envelope and error codes
    access.py       who asks, and may they
    routes.py       the table: method, path, permission, function
    buckets.py bucket_rules.py tokens.py temporary.py     what the functions do

Error codes and statuses were collected from Cloudflare's documentation and from public reports of users;
`tests/local_cloudflare/control` states each.
"""
