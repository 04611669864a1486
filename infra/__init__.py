"""What exists in the Cloudflare account: the Pulumi program, one stack per environment.

`local_cloudflare` is Cloudflare on this machine; the program does not know which of the two it talks to.
"""
