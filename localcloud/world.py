"""The read-only view that the tables have of the store, from one region."""

from __future__ import annotations

from dataclasses import dataclass

from localcloud.kinds.model import Resource
from localcloud.store import Store


@dataclass(frozen=True)
class View:
    """A World: what a caller in `region` sees; global resources are seen from everywhere."""

    store: Store
    region: str

    def get(self, token: str, resource_id: str, region: str | None = None) -> Resource | None:
        """One by its id."""
        for scope in (self.region if region is None else region, ""):
            record = self.store.get((token, scope, resource_id))
            if record:
                return record.resource
        return None

    def find(self, token: str, attribute: str, value: str, region: str | None = None) -> Resource | None:
        """The first whose property has the value."""
        return next((each for each in self.all(token, region) if each.properties.get(attribute) == value), None)

    def all(self, token: str, region: str | None = None) -> list[Resource]:
        """All of a kind."""
        scope = self.region if region is None else region
        return [record.resource for record in self.store.of(token) if record.resource.region in {scope, ""}]

    def everywhere(self, token: str) -> list[Resource]:
        """All of a kind in every region."""
        return [record.resource for record in self.store.of(token)]

    def referring(self, resource: Resource, token: str | None = None) -> list[Resource]:
        """Those that refer to the resource."""
        links = self.store.referring((resource.token, resource.region, resource.id))
        return [record.resource for record, _path, _blocks in links if token is None or record.resource.token == token]
