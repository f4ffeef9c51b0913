"""The certificate of coderd's hosts, and their records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi_aws as aws
from pulumi import ComponentResource, CustomTimeouts, Input, InvokeOptions, Output, ResourceOptions
from pulumi_aws.acm.outputs import CertificateDomainValidationOption

from components.load_balancer import HEALTH_PATH, HTTPS_PORT

VALIDATION_TTL = 300  # seconds


@dataclass(frozen=True, kw_only=True)
class CertificateArgs:
    """zone_name: the public hosted zone that exists already. hosts: names that the certificate covers, the first is its common name.

    proven: validation records that stand already, by the name that they prove.
    """

    zone_name: str
    hosts: Sequence[str]
    proven: Mapping[str, aws.route53.Record] = field(default_factory=dict[str, aws.route53.Record])


class Certificate(ComponentResource):
    """A certificate of ACM, validated by DNS, issued before anybody uses it (DNS-01, DNS-04, DNS-05, CDR-26).

    ACM renews it by itself for as long as the validation records stand. The zone is looked up, never made: its name servers are the
    operator's delegation. Fails where the account has no public zone of that name.
    """

    arn: Output[str]
    zone_id: Output[str]
    proofs: dict[str, aws.route53.Record]
    """The validation records by the name that they prove. ACM asks for the same one for a name in every certificate of an account, of
    every region (AWS Certificate Manager User Guide, "DNS validation", read 2026-11): it is made once."""

    def __init__(self, name: str, args: CertificateArgs, opts: ResourceOptions | None = None) -> None:
        facts = {"zone": args.zone_name, "hosts": list(args.hosts)}
        super().__init__("coder-eks:dns:Certificate", name, facts, opts)
        child = ResourceOptions(parent=self)

        zone = aws.route53.get_zone_output(name=args.zone_name, private_zone=False, opts=InvokeOptions(parent=self))
        certificate = aws.acm.Certificate(
            name,
            domain_name=args.hosts[0],
            subject_alternative_names=list(args.hosts[1:]),
            validation_method="DNS",
            opts=child,
        )
        self.proofs = {
            host: args.proven.get(host) or self._validation_record(name, host, certificate, zone.zone_id)
            for host in validated_hosts(args.hosts)
        }
        issued = aws.acm.CertificateValidation(
            name,
            certificate_arn=certificate.arn,
            validation_record_fqdns=[record.fqdn for record in self.proofs.values()],
            opts=ResourceOptions.merge(child, ResourceOptions(custom_timeouts=CustomTimeouts(create="45m"))),
        )

        self.arn = issued.certificate_arn
        self.zone_id = zone.zone_id
        self.register_outputs({**facts, "arn": self.arn, "zone_id": self.zone_id})

    def _validation_record(self, name: str, host: str, certificate: aws.acm.Certificate, zone_id: Output[str]) -> aws.route53.Record:
        """The record that ACM asks for `host`; its name stands at preview, its contents come with the certificate."""
        option = certificate.domain_validation_options.apply(lambda options: _option_for(host, options))
        return aws.route53.Record(
            f"{name}-{host}",
            zone_id=zone_id,
            name=option.apply(lambda option: option.resource_record_name or ""),
            type=option.apply(lambda option: option.resource_record_type or ""),
            records=[option.apply(lambda option: option.resource_record_value or "")],
            ttl=VALIDATION_TTL,
            opts=ResourceOptions(parent=self),
        )


def validated_host(host: str) -> str:
    """The name that ACM validates for a host: a wildcard shares the record of its parent."""
    return host.removeprefix("*.").removesuffix(".").lower()


def validated_hosts(hosts: Sequence[str]) -> list[str]:
    """The names that need a validation record, each once, sorted."""
    return sorted({validated_host(host) for host in hosts})


def _option_for(host: str, options: Sequence[CertificateDomainValidationOption]) -> CertificateDomainValidationOption:
    for option in options:
        if validated_host(option.domain_name or "") == host:
            return option
    raise ValueError(f"ACM asks for no record for {host}, only for {', '.join(option.domain_name or '' for option in options)}")


@dataclass(frozen=True, kw_only=True)
class Regional:
    """How one region of several is found. host: leads to this region and no other (DNS-08). serves_access: whether coderd is here.

    Where it is, the access and the wildcard host lead here for those who are near (DNS-06); a workspace proxy serves neither (T-36).
    """

    region: str
    host: str
    serves_access: bool


@dataclass(frozen=True, kw_only=True)
class RecordsArgs:
    """access_host, wildcard_host: names to point at the load balancer with that DNS name and (not coderd's!) zone id.

    regional: in an environment of several regions.
    """

    zone_id: Input[str]
    access_host: str
    wildcard_host: str
    load_balancer_dns_name: Input[str]
    load_balancer_zone_id: Input[str]
    regional: Regional | None = None


class Records(ComponentResource):
    """ALIAS records of both hosts, and a health check on the first (DNS-02, DNS-03, DNS-11, DNS-13).

    There is no AAAA: the load balancer has IPv4 only. The check looks from outside, and an alarm may watch it. In one region it steers
    no answer, as there is no second load balancer to give. In several, both hosts have latency records, one for each region where coderd
    answers, and a region whose own host fails its check is left out; while only one region has them, Route 53 answers with it anyway
    (DNS-06, DNS-07, T-85).
    """

    health_check_id: Output[str]

    def __init__(self, name: str, args: RecordsArgs, opts: ResourceOptions | None = None) -> None:
        regional = args.regional
        facts: dict[str, object] = {"access_host": args.access_host, "wildcard_host": args.wildcard_host}
        if regional is not None:
            facts |= {"region": regional.region, "host": regional.host, "serves_access": regional.serves_access}
        super().__init__("coder-eks:dns:Records", name, dict(facts), opts)
        child = ResourceOptions(parent=self)

        check = aws.route53.HealthCheck(
            f"{name}-{'access' if regional is None else 'region'}",
            type="HTTPS",
            fqdn=args.access_host if regional is None else regional.host,
            port=HTTPS_PORT,
            resource_path=HEALTH_PATH,
            enable_sni=True,
            request_interval=30,  # seconds
            failure_threshold=3,
            opts=child,
        )
        if regional is None or regional.serves_access:
            self._record(f"{name}-access", args.access_host, args, check)
            self._record(f"{name}-wildcard", args.wildcard_host, args, check)
        if regional is not None:
            self._record(f"{name}-region", regional.host, args)
            self._record(f"{name}-region-wildcard", f"*.{regional.host}", args)

        self.health_check_id = check.id
        self.register_outputs({**facts, "health_check_id": self.health_check_id})

    def _record(self, label: str, host: str, args: RecordsArgs, steering: aws.route53.HealthCheck | None = None) -> None:
        """An ALIAS; with `steering`, in an environment of several regions, one of those that Route 53 chooses among."""
        chosen = args.regional if steering is not None else None
        aws.route53.Record(
            label,
            zone_id=args.zone_id,
            name=host,
            type="A",
            aliases=[{"name": args.load_balancer_dns_name, "zone_id": args.load_balancer_zone_id, "evaluate_target_health": True}],
            set_identifier=chosen.region if chosen else None,
            latency_routing_policies=[{"region": chosen.region}] if chosen else None,
            health_check_id=steering.id if chosen and steering else None,
            opts=ResourceOptions(parent=self),
        )
