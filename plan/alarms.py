"""What is watched, and from which value on somebody is told: computed from the settings and the plan (OBS-10 to OBS-17, OBS-20)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from plan.alerts import Alarm, Compare, Metric, Missing, Notice, Rule, Severity, escalated
from plan.model import ControlPlan, NodeGroupPlan

MINUTE, HOUR, DAY = 60, 3600, 86400
CERTIFICATE_DAYS = 30  # prod-design.md, Runtime Errors
DATABASE_FAILURES = 3  # the same
AVAILABILITY = 99.9  # percent: 43.8 minutes a month (prod-design.md, Acceptance)
P95_SECONDS, P99_SECONDS = 0.5, 1.0  # the same; both are bounds of coderd's buckets (coderd/httpmw/prometheus.go, v2.24.0)
BUILD_P95_SECONDS = 120  # a pod workspace (prod-design.md, Performance Acceptance Criteria)
NEAR = 0.9  # of a maximum
# Whoever scans the internet fails handshakes: a fifth of a hundred new connections is somebody's outage, or a wrong policy
TLS_ERROR_PERCENT, TLS_LEAST_FLOWS = 20, 100
HEALTH_REGION = "us-east-1"  # the only region with Route 53's metrics (Route 53 Developer Guide, "Monitoring health checks", read 2026-11)


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What of a region there is to watch. node_groups: of EKS, each an Auto Scaling group. control: None where no coderd runs.

    aurora: whether the database is Aurora Serverless; None where the region has none. proxy: a workspace proxy serves the region.
    litellm_acu: most capacity of LiteLLM's database; None where there is none.
    """

    node_groups: tuple[NodeGroupPlan, ...]
    control: ControlPlan | None
    aurora: bool | None
    entrance: bool
    backups: bool
    proxy: bool = False
    litellm_acu: float | None = None


def alarms(watched: Watched) -> tuple[Alarm, ...]:
    """Every alarm on CloudWatch's metrics of one region, with its copies for further levels, in a stable order."""
    found = [
        *_entrance(watched),
        *_database(watched),
        *_litellm(watched),
        *(alarm for group in watched.node_groups for alarm in _nodes(group)),
    ]
    if watched.backups:
        found.append(_backups())
    return tuple(copy for alarm in found for copy in escalated(alarm))


def proxy_alarms(watched: Watched) -> tuple[Alarm, ...]:
    """Of a region's workspace proxy, there from the second visit on: without it people work on, by the primary region (OBS-16, OBS-17)."""
    if not watched.proxy:
        return ()
    proxy_down = Alarm(
        name="proxy-host-down",
        severity=Severity.HIGH,
        requirements=("OBS-16",),
        what="Route 53's checkers do not reach the region's workspace proxy",
        section="degraded-service",
        metrics=(
            Metric(namespace="AWS/Route53", name="HealthCheckStatus", statistic="Minimum", dimensions={"HealthCheckId": "health_check"}),
        ),
        compare=Compare.BELOW,
        threshold=1,
        period=MINUTE,
        periods=5,
        missing=Missing.BREACHING,
        region=HEALTH_REGION,
    )
    no_proxy = Alarm(
        name="no-healthy-proxy",
        severity=Severity.HIGH,
        requirements=("OBS-17",),
        what="the region's load balancer has no healthy workspace proxy",
        section="degraded-service",
        metrics=(
            Metric(
                namespace="AWS/NetworkELB",
                name="HealthyHostCount",
                statistic="Minimum",
                dimensions={"LoadBalancer": "load_balancer", "TargetGroup": "target_group"},
            ),
        ),
        compare=Compare.BELOW,
        threshold=1,
        period=MINUTE,
        periods=5,
        missing=Missing.BREACHING,
    )
    return tuple(copy for alarm in (proxy_down, no_proxy, _certificate()) for copy in escalated(alarm))


def _certificate() -> Alarm:
    expiry = Metric(
        namespace="AWS/CertificateManager", name="DaysToExpiry", statistic="Minimum", dimensions={"CertificateArn": "certificate"}
    )
    return Alarm(
        name="certificate-expires",
        severity=Severity.MEDIUM,
        requirements=("OBS-12",),
        what=f"the certificate has {CERTIFICATE_DAYS} days left: ACM renews at 60, so renewal has failed",
        section="certificate-expires",
        metrics=(expiry,),
        compare=Compare.AT_MOST,
        threshold=CERTIFICATE_DAYS,
        period=DAY,
        periods=1,
        missing=Missing.KEEP,  # the metric comes twice a day
    )


def _entrance(watched: Watched) -> Iterator[Alarm]:
    """From outside to coderd: host, certificate, load balancer."""
    if not watched.entrance:
        return
    check = {"HealthCheckId": "health_check"}
    yield Alarm(
        name="access-host-down",
        severity=Severity.CRITICAL,
        requirements=("OBS-16", "DNS-11"),
        what="Route 53's checkers do not reach Coder's access host",
        section="system-down",
        metrics=(Metric(namespace="AWS/Route53", name="HealthCheckStatus", statistic="Minimum", dimensions=check),),
        compare=Compare.BELOW,
        threshold=1,
        period=MINUTE,
        periods=3,
        missing=Missing.BREACHING,
        region=HEALTH_REGION,
    )
    yield Alarm(
        name="availability-slo",
        severity=Severity.MEDIUM,
        requirements=("OBS-20",),
        what=f"fewer than {AVAILABILITY} % of a day's checks reached the access host, the month has 43.8 minutes",
        section="minor-impact",
        metrics=(Metric(namespace="AWS/Route53", name="HealthCheckPercentageHealthy", statistic="Average", dimensions=check),),
        compare=Compare.BELOW,
        threshold=AVAILABILITY,
        period=DAY,
        periods=1,
        missing=Missing.KEEP,
        region=HEALTH_REGION,
    )
    yield _certificate()
    if watched.control is not None:
        yield from _load_balancer(watched.control)


def _load_balancer(control: ControlPlan) -> Iterator[Alarm]:
    balancer = {"LoadBalancer": "load_balancer"}
    healthy = Metric(
        namespace="AWS/NetworkELB", name="HealthyHostCount", statistic="Minimum", dimensions={**balancer, "TargetGroup": "target_group"}
    )
    yield Alarm(
        name="no-healthy-coderd",
        severity=Severity.CRITICAL,
        requirements=("OBS-17",),
        what="the load balancer has no healthy coderd",
        section="system-down",
        metrics=(healthy,),
        compare=Compare.BELOW,
        threshold=1,
        period=MINUTE,
        periods=3,
        missing=Missing.BREACHING,
    )
    yield Alarm(
        name="coderd-missing",
        severity=Severity.HIGH,
        requirements=("OBS-17",),
        what=f"fewer than {control.replicas} coderd have been healthy for 15 minutes, longer than an update takes one away",
        section="degraded-service",
        metrics=(healthy,),
        compare=Compare.BELOW,
        threshold=control.replicas,
        period=MINUTE,
        periods=15,
        missing=Missing.BREACHING,
    )
    yield Alarm(
        name="tls-errors",
        severity=Severity.HIGH,
        requirements=("OBS-17",),
        what=f"{TLS_ERROR_PERCENT} % of at least {TLS_LEAST_FLOWS} new connections in 5 minutes fail their TLS handshake",
        section="degraded-service",
        metrics=(
            Metric(namespace="AWS/NetworkELB", name="ClientTLSNegotiationErrorCount", statistic="Sum", dimensions=balancer, id="errors"),
            Metric(namespace="AWS/NetworkELB", name="NewFlowCount_TLS", statistic="Sum", dimensions=balancer, id="flows"),
        ),
        expression=f"IF(errors + flows >= {TLS_LEAST_FLOWS}, 100 * errors / (errors + flows), 0)",
        compare=Compare.ABOVE,
        threshold=TLS_ERROR_PERCENT,
        period=5 * MINUTE,
        periods=3,
        missing=Missing.FINE,
    )


def _database(watched: Watched) -> Iterator[Alarm]:
    if watched.aurora is None or watched.control is None:
        return
    where: dict[str, str] = {"DBClusterIdentifier": "database"} if watched.aurora else {"DBInstanceIdentifier": "database"}
    writer = {"Role": "WRITER"} if watched.aurora else {}

    def metric(name: str, statistic: str) -> tuple[Metric, ...]:
        return (Metric(namespace="AWS/RDS", name=name, statistic=statistic, dimensions=where, literals=writer),)

    yield Alarm(
        name="database-unreachable",
        severity=Severity.CRITICAL,
        requirements=("OBS-10", "DB-13"),
        what=f"coderd, which always holds connections, had none to the database in {DATABASE_FAILURES} minutes in a row",
        section="database-connection-loss",
        metrics=metric("DatabaseConnections", "Maximum"),
        compare=Compare.BELOW,
        threshold=1,
        period=MINUTE,
        periods=DATABASE_FAILURES,
        missing=Missing.BREACHING,
    )
    if (most := watched.control.max_acu) is not None:
        capacity = metric("ServerlessDatabaseCapacity", "Average")
        yield _near_maximum("database-near-maximum", Severity.HIGH, ("DB-03", "T-32"), "the writer", capacity, most)
    else:
        yield Alarm(
            name="database-near-maximum",
            severity=Severity.HIGH,
            requirements=("DB-02",),
            what=f"the database's CPU has been at {NEAR:.0%} for 15 minutes",
            section="database-near-maximum",
            metrics=metric("CPUUtilization", "Average"),
            compare=Compare.AT_LEAST,
            threshold=NEAR * 100,
            period=5 * MINUTE,
            periods=3,
            missing=Missing.KEEP,
        )


def _litellm(watched: Watched) -> Iterator[Alarm]:
    """Nobody here knows how LiteLLM uses its database (T-63): its capacity is what can be watched."""
    if watched.litellm_acu is None:
        return
    metric = Metric(
        namespace="AWS/RDS",
        name="ServerlessDatabaseCapacity",
        statistic="Average",
        dimensions={"DBClusterIdentifier": "litellm_database"},
        literals={"Role": "WRITER"},
    )
    yield _near_maximum(
        "litellm-database-near-maximum", Severity.MEDIUM, ("DB-04",), "the writer of LiteLLM's database", (metric,), watched.litellm_acu
    )


def _near_maximum(
    name: str, severity: Severity, requirements: tuple[str, ...], writer: str, metrics: tuple[Metric, ...], most: float
) -> Alarm:
    return Alarm(
        name=name,
        severity=severity,
        requirements=requirements,
        what=f"{writer} has been at {NEAR:.0%} of its {most:g} ACU for 15 minutes",
        section="database-near-maximum",
        metrics=metrics,
        compare=Compare.AT_LEAST,
        threshold=NEAR * most,
        period=5 * MINUTE,
        periods=3,
        missing=Missing.KEEP,
    )


def _nodes(group: NodeGroupPlan) -> Iterator[Alarm]:
    """A managed node group's Auto Scaling group sends its metrics each minute, free of charge, without being asked (Amazon EKS User Guide,
    "Auto Scaling group metrics", 2024-12)."""
    where = {"AutoScalingGroupName": f"nodes:{group.name}"}

    def metric(name: str, statistic: str, id_: str = "m") -> Metric:
        return Metric(namespace="AWS/AutoScaling", name=name, statistic=statistic, dimensions=where, id=id_)

    yield Alarm(
        name=f"nodes-missing-{group.name}",
        severity=Severity.HIGH,
        requirements=("OBS-11", "EKS-30"),
        what=f"{group.name} has had fewer nodes in service than it wants for 15 minutes",
        section="node-group-scaling-failure",
        metrics=(metric("GroupDesiredCapacity", "Maximum", "wanted"), metric("GroupInServiceInstances", "Minimum", "there")),
        expression="wanted - there",
        compare=Compare.AT_LEAST,
        threshold=1,
        period=MINUTE,
        periods=15,
        missing=Missing.FINE,
    )
    if group.max > max([group.desired, *(action.min_size for action in group.scheduled)]):  # else it stands there on purpose
        yield Alarm(
            name=f"nodes-at-maximum-{group.name}",
            severity=Severity.MEDIUM,
            requirements=("OBS-11", "EKS-30"),
            what=f"{group.name} has had all of its {group.max} nodes for an hour: more pods would find no place",
            section="node-group-scaling-failure",
            metrics=(metric("GroupInServiceInstances", "Maximum"),),
            compare=Compare.AT_LEAST,
            threshold=group.max,
            period=5 * MINUTE,
            periods=12,
            missing=Missing.KEEP,
        )


def _backups() -> Alarm:
    return Alarm(
        name="backup-failed",
        severity=Severity.MEDIUM,
        requirements=("DB-11",),
        what="a snapshot of the database could not be taken or copied",
        section="minor-impact",
        metrics=(
            Metric(
                namespace="AWS/Backup", name="NumberOfBackupJobsFailed", statistic="Sum", dimensions={"BackupVaultName": "backup_vault"}
            ),
        ),
        compare=Compare.ABOVE,
        threshold=0,
        period=HOUR,
        periods=1,
        missing=Missing.FINE,
    )


def notices(watched: Watched) -> tuple[Notice, ...]:
    """What AWS tells as an event: it happens once, and so is not escalated."""
    found = [
        Notice(
            name="node-launch-failed",
            severity=Severity.HIGH,
            requirements=("OBS-11", "EKS-30"),
            what="an Auto Scaling group of the cluster could not launch a node: quota, capacity of a zone, or a launch template",
            section="node-group-scaling-failure",
            pattern={"source": ["aws.autoscaling"], "detail-type": ["EC2 Instance Launch Unsuccessful"]},
            subject="nodes",
        )
    ]
    if watched.aurora is not None:
        kind = "RDS DB Cluster Event" if watched.aurora else "RDS DB Instance Event"
        found.append(
            Notice(
                name="database-failover",
                severity=Severity.HIGH,
                requirements=("DB-13", "DOC-10"),
                what="the database fails over, or an instance of it has failed",
                section="database-connection-loss",
                pattern={"source": ["aws.rds"], "detail-type": [kind], "detail": {"EventCategories": ["failover", "failure"]}},
                subject="database",
            )
        )
    return tuple(found)


_CODERD = 'namespace="coder"'


def rules() -> tuple[Rule, ...]:
    """Service levels that only coderd's own metrics know (OBS-20): the load balancer forwards TCP and sees no request."""
    latency = f"sum by (le) (rate(coderd_api_request_latencies_seconds_bucket{{{_CODERD}}}[5m]))"
    builds = 'sum by (le) (rate(coderd_provisionerd_workspace_build_timings_seconds_bucket{status="success"}[15m]))'
    errors = f'sum(rate(coderd_api_requests_processed_total{{code=~"5..",{_CODERD}}}[1h]))'
    return (
        Rule(
            name="CoderApiP95",
            severity=Severity.HIGH,
            requirements=("OBS-20",),
            what=f"the 95th percentile of API requests is over {P95_SECONDS * 1000:g} ms",
            section="slow-api",
            expression=f"histogram_quantile(0.95, {latency}) > {P95_SECONDS:g}",
            lasting=10,
        ),
        Rule(
            name="CoderApiP99",
            severity=Severity.HIGH,
            requirements=("OBS-20",),
            what=f"the 99th percentile of API requests is over {P99_SECONDS:g} s",
            section="slow-api",
            expression=f"histogram_quantile(0.99, {latency}) > {P99_SECONDS:g}",
            lasting=10,
        ),
        Rule(
            name="CoderApiErrors",
            severity=Severity.HIGH,
            requirements=("OBS-20",),
            what=f"over {100 - AVAILABILITY:.1f} % of an hour's API requests ended in an error of the server",
            section="degraded-service",
            expression=f"{errors} / sum(rate(coderd_api_requests_processed_total{{{_CODERD}}}[1h])) > {(100 - AVAILABILITY) / 100:.4f}",
            lasting=10,
        ),
        Rule(
            name="CoderBuildsSlow",
            severity=Severity.MEDIUM,
            requirements=("OBS-20",),
            what=f"the 95th percentile of workspace builds is over {BUILD_P95_SECONDS} s",
            section="slow-builds",
            expression=f"histogram_quantile(0.95, {builds}) > {BUILD_P95_SECONDS}",
            lasting=15,
        ),
        Rule(
            name="CoderNotScraped",
            severity=Severity.MEDIUM,
            requirements=("OBS-05",),
            what="nobody has read coderd's metrics for 15 minutes: the other rules are blind",
            section="minor-impact",
            expression=f"absent(coderd_api_requests_processed_total{{{_CODERD}}})",
            lasting=15,
        ),
    )
