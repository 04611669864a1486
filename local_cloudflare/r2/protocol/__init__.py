"""The S3 protocol, before anything of R2's is known: HTTP messages, requests, XML, errors."""
