"""A video-notes application on the layout: users, profiles, a database for each profile, clips, shared games.

::

    application.py  what is put together     clips.py     clips: rows in the profile's database, files beside it
    sessions.py     who is signed in         games.py     videos that all users share, named by their BLAKE3
    __main__.py     started                  profiles.py  profiles made, chosen, deleted
    database.py     the tables               page.html    the page

`python -m examples.backend` starts it with the settings of `.env`; `make app` on a local Cloudflare.
"""
