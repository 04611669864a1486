"""Talking to the bucket: settings, the two clients, temporary credentials, objects and profile files.

::

    settings.py       what the environment says         answers.py         errors of both clients, translated
    clients.py        boto3 and obstore, set up for R2  r2_storage.py      objects by typed keys
    credentials.py    temporary ones, self-renewing     presigned.py       URLs for browsers
    minting.py        how they are made                 profile_store.py   the profile files of users
    signing.py        their form                        start.py           what is checked before serving

Import the modules themselves; nothing is gathered here, since each use needs only some of them.
"""
