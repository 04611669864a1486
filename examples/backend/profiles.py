"""The user's profiles: listed, made, chosen, deleted."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from layout import current_profile
from layout.storage.profile_store import AsyncProfileStore
from layout.web.profiles import RequestProfiles

__all__ = ["profiles_router"]


class NewProfile(BaseModel):
    """What the user calls it."""

    name: str = Field(min_length=1, max_length=100)


class Choice(BaseModel):
    """Which one the user works in from now on."""

    id: str


def profiles_router(store: AsyncProfileStore, requests: RequestProfiles) -> APIRouter:
    """`/profiles`; `requests` is told what changed."""
    router = APIRouter(prefix="/profiles", tags=["profiles"])

    @router.get("")
    async def list_profiles() -> dict[str, Any]:
        current = current_profile()
        registry = await store.read(current.user_id)
        return {
            "current": current.profile_id,
            "profiles": [{"id": name, "name": profile.name} for name, profile in registry.profiles.items()],
        }

    @router.post("", status_code=201)
    async def make_profile(new: NewProfile) -> dict[str, str]:
        user = current_profile().user_id
        made = await store.create(user, new.name)
        requests.forget(user)
        return {"id": made, "name": new.name}

    @router.put("/selected", status_code=204)
    async def choose_profile(choice: Choice) -> None:
        user = current_profile().user_id
        await store.select(user, choice.id)
        requests.forget(user)

    @router.delete("/{profile_id}", status_code=204)
    async def delete_profile(profile_id: str) -> None:
        user = current_profile().user_id
        await store.delete(user, profile_id)
        requests.forget(user)

    return router
