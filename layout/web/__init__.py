"""Files over HTTP, and the profile and databases of each request: for applications of FastAPI (`r2-layout[web]`).

::

    middleware.py   profile, context and databases of a request    files.py      GET, HEAD, POST, DELETE /storage
    reach.py        what a user may read and write                 uploads.py    /storage/uploads, for browsers
    statuses.py     each error's status and body                   old_urls.py   /api/v1/media, /api/v1/storage

`mount` puts all of it into an application; docs/http.md shows one.
"""
