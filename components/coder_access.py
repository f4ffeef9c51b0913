"""The way into a running coderd: the provider of its objects, from the second visit on (decision 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
import pulumi_coderd as coderd
from pulumi import ComponentResource, Input, InvokeOptions, Output, Resource, ResourceOptions, get_project, get_stack

# The licence was the templates' once; the name of it then, so that one of that time is kept and not given anew.
FORMER = (
    "urn:pulumi:{stack}::{project}::coder-eks:environment:Environment$coder-eks:templates:Templates$coderd:index/license:License::templates"
)


@dataclass(frozen=True, kw_only=True)
class CoderAccessArgs:
    """url: coderd's access URL. token: of an owner, from Secrets Manager. after: what must run before anybody asks coderd.

    license_secret: name of the licence in Secrets Manager.
    """

    url: Input[str]
    token: Input[str]
    after: Sequence[Resource] = ()
    license_secret: str | None = None


class CoderAccess(ComponentResource):
    """The coderd provider, the licence and the default organisation (CDR-19, CDR-33).

    Premium features stand behind the licence, provisioner keys and workspace proxies as well as groups: whoever makes one waits for it.

    The token is a secret of the state, whatever the caller passes. The provider asks coderd for its entitlements when it is configured:
    a coderd that is down, or that refuses the token, ends the preview with the provider's message.
    """

    provider: coderd.Provider
    organization_id: Output[str]
    licensed: list[Resource]
    """What everything of a Premium deployment waits for."""

    def __init__(self, name: str, args: CoderAccessArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("coder-eks:coder:CoderAccess", name, {"url": args.url}, opts)

        # Everything in Coder depends on its provider, so that it comes after coderd and, on a destroy, goes before it
        opts_of_provider = ResourceOptions(parent=self, depends_on=list(args.after))
        self.provider = coderd.Provider(name, url=args.url, token=Output.secret(args.token), opts=opts_of_provider)
        organization = coderd.get_organization_output(is_default=True, opts=InvokeOptions(parent=self, provider=self.provider))
        self.organization_id = organization.id
        self.licensed = [self._license(name, args.license_secret)] if args.license_secret is not None else []
        self.register_outputs({"url": args.url, "organizationId": self.organization_id})

    def _license(self, name: str, secret: str) -> coderd.License:
        """From Secrets Manager; a secret of the state."""
        text = aws.secretsmanager.get_secret_version_output(secret_id=secret, opts=InvokeOptions(parent=self))
        return coderd.License(
            name,
            license=Output.secret(text.secret_string),
            opts=ResourceOptions(parent=self, provider=self.provider, aliases=[FORMER.format(stack=get_stack(), project=get_project())]),
        )
