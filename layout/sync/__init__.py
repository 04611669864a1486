"""SQLite databases of profiles, kept in the bucket: fetched at the first access, uploaded after each change.

What an application calls::

    databases = DatabaseSync(storage, profiles=ProfileStore(storage))    # one a process
    databases.recover()                                                  # at the start: what a crash has left
    with databases.connection(user_id, profile_id) as connection:        # a sqlite3.Connection
        connection.execute("INSERT INTO clips (name) VALUES (?)", ("goal",))
    databases.forget(user_id, profile_id)                                # after the profile's deletion
    databases.close(seconds=10)                                          # at the end: uploads what waits

What a middleware calls, for one request (`layout.sync.recorder` says why it is an object)::

    status = await asyncio.to_thread(databases.prepare, user_id, profile_id)   # 0 requests once warm, 1 before
    with databases.recording() as recorder:        # the handlers' connections find it by themselves
        ...                                        # none of them waits for an upload
        futures = recorder.flush()                 # one for each database that the request has written
        if databases.durability is Durability.WAIT:
            await asyncio.wait_for(asyncio.gather(*map(asyncio.wrap_future, futures)), seconds)
    databases.state_of(user_id, profile_id).state  # clean, in flight, pending, failed, conflict
    databases.take_conflict(user_id, profile_id)   # a change of this user that was refused, to be told once

A future comes to a `DatabaseStatus`, or raises what the first attempt came to: `DatabaseConflictError` (the change is
in the backups, and must be made again), `NoProfileError` (the profile is deleted), `StorageUnavailableError` and others
(the change is on this machine, and is tried again by itself). `prepare` raises the same, and never makes an empty
database where the bucket gave no answer.

::

    database_sync.py   the class above               exchange.py   one database and the bucket: fetch, push, conflict
    uploads.py         one writer a key, retries     position.py   where a local copy stands, derived
    states.py          the table of states           baseline.py   which version it was equal to
    snapshot.py        content, hash, version        install.py    download, verify, swap

Import the modules themselves: `from layout.sync.database_sync import DatabaseSync, Durability`.
"""
