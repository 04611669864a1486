"""The demonstration: a flat legacy bucket, three stacks on a local Cloudflare, and the move into ``dev/``."""
