"""Cloudflare on this machine: an S3 endpoint as strict as R2, the control API, and a provider for Pulumi.

Nothing here is Cloudflare. It listens on 127.0.0.1 only and exists so that a team can try the
layout, the Pulumi program and a migration without an account.

Sources of facts are cited by repository and path: CFD is cloudflare/cloudflare-docs (below
`src/content/docs`), WSDK is cloudflare/workers-sdk, which holds Cloudflare's own simulator.
"""
