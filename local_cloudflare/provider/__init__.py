"""A stand-in for the Cloudflare provider plugin of Pulumi, in Python.

`python -m local_cloudflare.provider <engine address>` serves it. It speaks to a local Cloudflare only, through the
official SDK, and behaves as the real plugin was seen to behave:

    __main__.py   serves gRPC and prints the port
    plugin.py     Pulumi's methods: check, diff, create, read, update, delete, invoke
    resources.py  one row a resource: its fields, and which force a replacement
    kinds.py      what each resource sends and takes
    policies.py   a token's policies, whose text is kept byte for byte
    api.py        the SDK, with errors as the real plugin shows them
    engine_log.py the lines that the real plugin writes beside its answers
    property_values.py    Pulumi's property values and plain Python

A PULUMI_HOME of its own holds it, so it never shadows the real plugin.
"""
