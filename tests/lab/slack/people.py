# SPDX-License-Identifier: Apache-2.0
"""The people of the workspace and their user groups."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class User:
    id: str
    name: str
    real_name: str = ""
    is_bot: bool = False
    deleted: bool = False
    is_restricted: bool = False
    tz: str = "Etc/UTC"

    def describe(self, team: str) -> dict[str, Any]:
        shown = self.real_name or self.name
        return {"id": self.id, "team_id": team, "name": self.name, "deleted": self.deleted,
                "real_name": shown, "tz": self.tz, "is_bot": self.is_bot, "is_app_user": False,
                "is_admin": False, "is_owner": False, "is_restricted": self.is_restricted,
                "is_ultra_restricted": False, "updated": 1795196000,
                "profile": {"real_name": shown, "display_name": self.name, "team": team}}


@dataclass
class UserGroup:
    id: str
    handle: str
    users: list[str] = field(default_factory=list)
    disabled: bool = False

    def describe(self, team: str, with_users: bool) -> dict[str, Any]:
        body: dict[str, Any] = {
            "id": self.id, "team_id": team, "is_usergroup": True, "name": self.handle,
            "handle": self.handle, "description": "", "is_external": False,
            "date_delete": 1795196000 if self.disabled else 0, "user_count": len(self.users)}
        return body | ({"users": self.users} if with_users else {})


class People:
    def __init__(self) -> None:
        self.users = {user.id: user for user in (
            User("U0BOT", "upgrader", is_bot=True), User("U0ANA", "ana", "Ana"),
            User("U0BOB", "bob", "Bob"), User("U0EVE", "eve", "Eve", is_restricted=True))}
        self.groups = {"S0SRE": UserGroup("S0SRE", "sre-leads", ["U0BOB"])}

    def put_user(self, body: dict[str, Any]) -> User:
        old = self.users.get(body["id"])
        self.users[body["id"]] = User(**(vars(old) if old else {"name": body["id"].lower()})
                                      | body)
        return self.users[body["id"]]

    def put_group(self, body: dict[str, Any]) -> UserGroup:
        old = self.groups.get(body["id"])
        self.groups[body["id"]] = UserGroup(**(vars(old) if old else {"handle": body["id"]})
                                            | body)
        return self.groups[body["id"]]

    def find(self, name: str) -> str:
        """The id of somebody given by id or by name."""
        if name in self.users:
            return name
        return next((user.id for user in self.users.values() if user.name == name), "")

    def name(self, user: str) -> str:
        return self.users[user].name if user in self.users else user
