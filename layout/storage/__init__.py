"""Talking to the bucket: settings, the two clients, temporary credentials, objects and profile files.

Import the modules themselves (`layout.storage.clients`, `layout.storage.r2_storage`, ...): each brings only
the client it needs, so that a process that never signs a request does not load boto3.
"""
