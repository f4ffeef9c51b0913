"""A whole environment: what the stack file declares, composed of the components, one region or several."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Resource, ResourceOptions

from components.coder import coder_server, database, inside_coder
from components.coder_server import CoderServer
from components.declared_facts import declared_facts
from components.entrance import Entrance, entrance
from components.foundation import Foundation, foundation
from components.litellm_database import litellm_database
from components.observability import Observed, observability
from components.place import Place
from components.proxy_region import proxy_region
from components.region_link import RegionLink, RegionLinkArgs, Side
from components.visits import FIRST_USER_SECRET, TOKEN_SECRET, kept_by_bootstrap, made_on, next_step
from composer.catalog import CATALOG, load_catalog
from composer.publishing import publish
from plan.model import Plan
from settings.model import Settings


@dataclass(frozen=True, kw_only=True)
class EnvironmentArgs:
    """settings: what the operator declared. plan: what follows from it."""

    settings: Settings
    plan: Plan


class Environment(ComponentResource):
    """Network and cluster of every deployed region; database, Coder and its hosts in the primary one (decisions 7 and 8).

    A region beside it has a workspace proxy, or a coderd of its own on the same database (T-36).

    On the first visit there is no token of coderd: provisioners and templates are left out, and coderd lets its first user log in by
    password. `coder-eks bootstrap` makes that user and the token; the next update declares the rest and takes the password login away.
    Templates are composed on both visits, before anything is declared: CompositionError with all that keeps them from being made.
    """

    summary: dict[str, Input[object]]
    """The stack's outputs: what an operator wants to know next."""

    def __init__(self, name: str, args: EnvironmentArgs, opts: ResourceOptions | None = None) -> None:
        settings, plan, primary = args.settings, args.plan, args.settings.primary_region
        versions = publish(load_catalog(CATALOG), settings, plan, datetime.now(UTC).date())
        providers = {region: aws.Provider(region, region=region) for region in settings.deployed_regions}
        token_name = TOKEN_SECRET.format(system=settings.system.name)
        token_made_on = made_on(token_name, providers[primary])
        visit = 1 if token_made_on is None else 2

        facts = declared_facts(settings, plan, visit)
        super().__init__("coder-eks:environment:Environment", name, dict(facts), opts)
        places = {
            region: Place(settings=settings, plan=plan, region=region, provider=provider, parent=self)
            for region, provider in providers.items()
        }
        here = places[primary]

        token = kept_by_bootstrap("coderd-token", token_name, "Token of coderd for Pulumi", here.opts)
        kept_by_bootstrap(
            "first-user", FIRST_USER_SECRET.format(system=settings.system.name), "Coder's first user and its password", here.opts
        )
        bases = {region: foundation(place, has_entrance=settings.serves_access(region) or visit > 1) for region, place in places.items()}

        links = {region: _link(places[region], bases[region], here, bases[primary]) for region in settings.linked_regions}

        base = bases[primary]
        state = database(here, base.network)
        litellm = litellm_database(here, base.network)
        way = entrance(here, base.network)
        server = coder_server(here, base, state, way, visit)
        ways, answering = {primary: way}, _answering(server, way)
        for region in settings.sharing_regions:
            ways[region] = entrance(places[region], bases[region].network, way)
            # after the first, which migrates the tables from nearby
            another = coder_server(places[region], bases[region], state, ways[region], visit, after=[server, links[region]])
            answering += _answering(another, ways[region])
        if token_made_on is not None:
            access = inside_coder(here, base, server, answering, token, token_made_on, versions)
            for region in sorted(places.keys() - ways.keys()):
                ways[region] = proxy_region(places[region], bases[region], way, access)
        topics = observability(here, Observed(places=places, bases=bases, entrances=ways, key_made_on=token_made_on))

        self.summary = {
            "alert_topics": topics,
            "access_url": plan.access_url,
            "cluster": base.cluster.name,
            "login_callback": settings.coder.login_callback,
            "database_endpoint": state.endpoint,
            "next_step": next_step(visit, settings.system.name),
            "coderd_token_secret": token_name,
            "region": primary,
            **({"litellm_endpoint": litellm.endpoint, "litellm_secret": litellm.secret_arn} if litellm else {}),
        }
        self.register_outputs({**facts, **self.summary})


def _link(place: Place, base: Foundation, primary: Place, primary_base: Foundation) -> RegionLink:
    """A region's way to the primary one's network."""
    asks, accepts = (
        Side(region=each.region, cidr=each.planned.network.cidr, network=its.network, provider=each.provider)
        for each, its in ((place, base), (primary, primary_base))
    )
    return RegionLink(f"link-{place.region}", RegionLinkArgs(requester=asks, accepter=accepts), ResourceOptions(parent=place.parent))


def _answering(server: CoderServer, way: Entrance) -> list[Resource]:
    """What stands between whoever asks the access URL and an answer."""
    return [server, way.balancer, way.hosts]
