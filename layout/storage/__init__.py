"""Talking to the bucket: settings, the two clients, temporary credentials, objects and profile files.

::

    settings.py           what the environment says           clients.py      boto3 and obstore, set up for R2
    error_translation.py  errors of both clients, translated  r2_storage.py   objects by typed keys
    credentials/          temporary ones, self-renewing       presigned.py    URLs for browsers
    startup_checks.py     what is checked before serving      profile_store.py  the profile files of users
    presence.py           present, absent, unknown            env_file.py       reading and writing `.env`
    stored_object.py      what is told of an object           old_layout.py     old keys, read where a new one is free

Import the modules themselves; nothing is gathered here, since each use needs only some of them.
"""
