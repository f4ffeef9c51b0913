"""The way into a running coderd: the provider of its objects, from the second visit on (decision 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_coderd as coderd
from pulumi import ComponentResource, Input, InvokeOptions, Output, Resource, ResourceOptions


@dataclass(frozen=True, kw_only=True)
class CoderAccessArgs:
    """url: coderd's access URL. token: of an owner, from Secrets Manager. after: what must run before anybody asks coderd."""

    url: Input[str]
    token: Input[str]
    after: Sequence[Resource] = ()


class CoderAccess(ComponentResource):
    """The coderd provider and the default organisation (CDR-33).

    The token is a secret of the state, whatever the caller passes. The provider asks coderd for its entitlements when it is configured:
    a coderd that is down, or that refuses the token, ends the preview with the provider's message.
    """

    provider: coderd.Provider
    organization_id: Output[str]

    def __init__(self, name: str, args: CoderAccessArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("coder-eks:coder:CoderAccess", name, {"url": args.url}, opts)

        # Everything in Coder depends on its provider, so that it comes after coderd and, on a destroy, goes before it
        opts_of_provider = ResourceOptions(parent=self, depends_on=list(args.after))
        self.provider = coderd.Provider(name, url=args.url, token=Output.secret(args.token), opts=opts_of_provider)
        organization = coderd.get_organization_output(is_default=True, opts=InvokeOptions(parent=self, provider=self.provider))
        self.organization_id = organization.id
        self.register_outputs({"url": args.url, "organizationId": self.organization_id})
