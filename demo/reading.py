"""What an application does afterwards: read a file by its new key, with a credential for one environment."""

import hashlib

from botocore.exceptions import ClientError

from demo.checks import Check
from demo.screen import Screen
from layout.context import use_profile
from layout.environment import Environment
from layout.keys import marker_key, profiles_key, r2_key
from layout.storage.clients import s3_client
from layout.storage.profile_store import ProfileStore
from layout.storage.settings import StorageSettings
from layout.storage.startup_checks import open_storage
from tests.data.flat_bucket.names import TITLES, clip_name

USER = "a"
PATH = f"raw_clips/{clip_name(TITLES[3])}.mp4"


def read_back(screen: Screen, settings: StorageSettings, expected_sha256: str) -> list[Check]:
    """Read one moved file and its user's profiles through `layout`, and try to reach another environment.

    Args:
        screen: Where to print.
        settings: With a temporary credential for ``dev/`` only.
        expected_sha256: Of the file's source, in lower-case hex.
    """
    environment = settings.app_env
    storage = open_storage(settings)
    with use_profile(USER, ProfileStore(storage).selected(USER)):
        found = storage.get(r2_key(USER, PATH, environment=environment))
    registry = storage.get(profiles_key(USER, environment=environment))
    digest = hashlib.sha256(found.body).hexdigest()
    screen.say(f"storage.get(r2_key({USER!r}, {PATH!r})), in the profile that user {USER!r} selected:")
    for name, value in (("key", found.key), ("bytes", f"{found.size:,}"), ("SHA-256", digest)):
        screen.say(f"  {name:8} {value}")
    screen.say(f"\nstorage.get(profiles_key({USER!r})), {registry.key}:\n{registry.body.decode()}")
    same = () if digest == expected_sha256 else (f"SHA-256 is {digest}, the source had {expected_sha256}",)
    return [Check("one file was read back through layout by its new key", same), _refused(screen, settings)]


def _refused(screen: Screen, settings: StorageSettings) -> Check:
    """Ask for an object of another environment with this environment's credential."""
    other = marker_key(environment=Environment.PROD)
    client = s3_client(settings)
    try:
        client.get_object(Bucket=settings.bucket, Key=other)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        code = error.response["Error"]["Code"]
        screen.say(f"The same credential asks for {other}: {status} {code}")
        problems = () if status == 403 else (f"the answer was {status} {code}, not 403",)
    else:
        problems = (f"the credential for {settings.app_env}/ read {other}",)
    finally:
        client.close()
    return Check("a credential for dev/ was refused (403) when it asked for an object of prod/", problems)
