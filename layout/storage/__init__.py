"""Talking to the bucket: settings, the two clients, temporary credentials, objects and profile files.

::

    settings.py           what the environment says           clients.py      boto3 and obstore, set up for R2
    error_translation.py  errors of both clients, translated  r2_storage.py   objects and files by typed keys
    credentials/          temporary ones, self-renewing       presigned.py    URLs for browsers, signed and kept
    startup_checks.py     what is checked before serving      profile_store.py  the profile files of users
    presence.py           present, absent, unknown            env_file.py       reading and writing `.env`
    stored_object.py      what is told of an object           own_keys.py       which keys a storage may use

What talks to the bucket is written once, async, in `_async/`; `make generate` writes its sync twin `_sync/` from it.
`AsyncR2Storage` and `R2Storage` are the two, and so for the rest. Import the modules themselves; nothing is gathered
here, since each use needs only some of them.
"""
