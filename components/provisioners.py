"""External provisioners: the only place where workspaces are built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import pulumi_aws as aws
import pulumi_coderd as coderd
import pulumi_kubernetes as k8s
from pulumi import ComponentResource, CustomTimeouts, Input, InvokeOptions, Output, Resource, ResourceOptions
from pulumi_kubernetes import batch, core, rbac
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components import chart_keys
from components import provisioner_access as access
from components.coder_values import HTTP_PORT, SELECTOR, Placement
from components.identity import ClusterIdentity, WorkloadIdentity, WorkloadIdentityArgs
from components.provisioner_values import (
    KEY_ITEM,
    KEY_SECRET,
    RELEASE_NAME,
    SCALER,
    SERVICE_ACCOUNT,
    ProvisionerFacts,
    ScaleJob,
    scale_jobs,
    values,
)
from plan.model import ProvisionerPlan

REPOSITORY = "https://helm.coder.com/v2"  # Coder's chart repository: docs "Install Coder on Kubernetes", read 2026-11-21
# Kubernetes' own image of its client, without a shell; tag and digest as four public programs pin them, read 2026-11-21. A client goes with
# servers one minor version older or newer than itself (Kubernetes, "Version Skew Policy"): this one with 1.33 to 1.35.
KUBECTL = "registry.k8s.io/kubectl:v1.34.1@sha256:59bafa07ff3a6d4b417e7633ddb9d79a9606ca98bf64bac080b3e65748669250"


@dataclass(frozen=True, kw_only=True)
class ProvisionersArgs:
    """chart_version, coder_version: pinned, equal to coderd's (CDR-42). coder_url: of the Service inside the cluster.

    licensed: the licence, which a key waits for.
    key_made_on: the day that names the key; another one makes a new key, every 90 days (PRV-07, T-60). metrics_cidrs: of a collector.
    workspace_namespace: where builds make their objects.
    namespaces: the names as the cluster has made them, so that its namespaces come first and go last.
    """

    plan: ProvisionerPlan
    system: str
    region: str
    chart_version: str
    coder_version: str
    coder_url: str
    coder_namespace: str
    namespace: str
    workspace_namespace: str
    placement: Placement
    identity: ClusterIdentity
    organization_id: Input[str]
    coderd: coderd.Provider
    namespaces: Mapping[str, Input[str]] = field(default_factory=dict[str, Input[str]])
    key_made_on: date
    licensed: Sequence[Resource] = ()
    metrics_cidrs: tuple[str, ...] = ()

    def made(self, namespace: str) -> Input[str]:
        """A namespace by its name, as something that waits for it."""
        return self.namespaces.get(namespace, namespace)


class Provisioners(ComponentResource):
    """Provisioners by Helm, their key, their rights, and the jobs by which they follow the clock (PRV-01 to PRV-09, PRV-12, PRV-15).

    There is always at least one: autostop and template imports are builds too (T-30). A shrinking release ends no build: a pod that goes
    finishes the one it has. Raises ValueError for a plan without a provisioner.
    """

    release: k8s.helm.v3.Release
    key_name: str

    def __init__(self, name: str, args: ProvisionersArgs, opts: ResourceOptions | None = None) -> None:
        jobs = scale_jobs(args.plan)
        self.key_name = f"{args.system}-{args.key_made_on:%Y%m%d}"
        facts: dict[str, Input[object]] = {
            "replicas": {"floor": args.plan.replicas_floor, "peak": args.plan.replicas_peak},
            "schedule": [{"name": job.name, "cron": job.schedule, "replicas": job.replicas} for job in jobs],
            "timeZone": args.plan.time_zone,
            "tags": dict(sorted(args.plan.tags.items())),
            "coderUrl": args.coder_url,
            "namespace": args.namespace,
            "keyName": self.key_name,
        }
        super().__init__("coder-eks:provisioners:Provisioners", name, dict(facts), opts)
        self._name, self._args = name, args
        self._child = ResourceOptions(parent=self)

        policy = self._network_policy()
        ready: list[Resource] = [self._key(), self._account(), policy, *self._workspace_rights()]
        self.release = self._release(ready)
        if jobs:
            scaler = self._scaler()
            for job in jobs:
                self._scale_job(job, [*scaler, policy, self.release])

        self.register_outputs({**facts, "releaseName": self.release.status.name})

    def _key(self) -> core.v1.Secret:
        """The key, scoped to the organisation and to what its tags match (PRV-06, PRV-09); coderd tells it once, so state keeps it."""
        key = coderd.ProvisionerKey(
            self._name,
            name=self.key_name,
            organization_id=self._args.organization_id,
            tags=dict(sorted(self._args.plan.tags.items())),
            opts=ResourceOptions(
                parent=self, provider=self._args.coderd, additional_secret_outputs=["key"], depends_on=list(self._args.licensed)
            ),
        )
        return core.v1.Secret(
            f"{self._name}-key",
            metadata={"name": KEY_SECRET, "namespace": self._args.made(self._args.namespace)},
            string_data={KEY_ITEM: Output.secret(key.key)},
            opts=self._child,
        )

    def _account(self) -> core.v1.ServiceAccount:
        """The service account with CoderProvRole (PRV-08)."""
        caller = InvokeOptions(parent=self)
        account = access.Account(
            partition=aws.get_partition_output(opts=caller).partition,
            region=self._args.region,
            account_id=aws.get_caller_identity_output(opts=caller).account_id,
        )
        identity = WorkloadIdentity(
            self._name,
            WorkloadIdentityArgs(
                cluster=self._args.identity,
                namespace=self._args.namespace,
                service_account=SERVICE_ACCOUNT,
                statements=access.permissions(account, self._args.identity.cluster_name),
            ),
            self._child,
        )
        return core.v1.ServiceAccount(
            self._name,
            metadata={
                "name": SERVICE_ACCOUNT,
                "namespace": self._args.made(self._args.namespace),
                "annotations": dict(identity.annotations),
            },
            opts=self._child,
        )

    def _workspace_rights(self) -> list[Resource]:
        """What builds may make, in the workspaces' namespace and nowhere else (EKS-35, PRV-12)."""
        return self._rights(f"{self._name}-workspaces", self._args.workspace_namespace, access.workspace_rules(), SERVICE_ACCOUNT)

    def _rights(self, name: str, namespace: str, rules: list[rbac.v1.PolicyRuleArgs], service_account: str) -> list[Resource]:
        """A role in a namespace, bound to a service account of the provisioners' namespace."""
        where = ObjectMetaArgs(name=name, namespace=self._args.made(namespace))
        role = rbac.v1.Role(name, metadata=where, rules=rules, opts=self._child)
        binding = rbac.v1.RoleBinding(
            name,
            metadata=where,
            role_ref={
                "api_group": "rbac.authorization.k8s.io",
                "kind": "Role",
                "name": role.metadata.apply(lambda made: made.name or name),
            },
            subjects=[{"kind": "ServiceAccount", "name": service_account, "namespace": self._args.made(self._args.namespace)}],
            opts=self._child,
        )
        return [role, binding]

    def _network_policy(self) -> k8s.networking.v1.NetworkPolicy:
        mode = self._args.identity.mode
        return k8s.networking.v1.NetworkPolicy(
            self._name,
            metadata={"name": RELEASE_NAME, "namespace": self._args.made(self._args.namespace)},
            spec=access.network_policy(self._args.coder_namespace, SELECTOR, HTTP_PORT, mode, self._args.metrics_cidrs),
            opts=self._child,
        )

    def _release(self, ready: list[Resource]) -> k8s.helm.v3.Release:
        args = self._args
        facts = ProvisionerFacts(
            version=args.coder_version, coder_url=args.coder_url, plan=args.plan, placement=args.placement, key_name=self.key_name
        )
        chosen = values(facts)
        chart_keys.check("coder-provisioner", args.chart_version, chosen)
        return k8s.helm.v3.Release(
            self._name,
            name=RELEASE_NAME,
            namespace=args.made(args.namespace),
            chart="coder-provisioner",
            version=args.chart_version,
            repository_opts={"repo": REPOSITORY},
            values=chosen,
            timeout=900,  # seconds; a node may have to start first
            opts=ResourceOptions(parent=self, depends_on=ready, custom_timeouts=CustomTimeouts(create="20m", update="20m")),
        )

    def _scaler(self) -> list[Resource]:
        """A service account that may scale this one Deployment and nothing else."""
        where = ObjectMetaArgs(name=SCALER, namespace=self._args.made(self._args.namespace))
        account = core.v1.ServiceAccount(f"{self._name}-schedule", metadata=where, opts=self._child)
        return [account, *self._rights(SCALER, self._args.namespace, access.scaling_rules(RELEASE_NAME), SCALER)]

    def _scale_job(self, job: ScaleJob, after: list[Resource]) -> None:
        pod = core.v1.PodTemplateSpecArgs(
            metadata=ObjectMetaArgs(labels={"app.kubernetes.io/name": SCALER}),
            spec=core.v1.PodSpecArgs(
                service_account_name=SCALER,
                restart_policy="Never",
                node_selector=self._args.placement.node_selector(),
                tolerations=[
                    core.v1.TolerationArgs(key=key, operator="Equal", value=group, effect="NoSchedule")
                    for key, group in self._args.placement.node_selector().items()
                ],
                security_context=core.v1.PodSecurityContextArgs(
                    run_as_non_root=True, run_as_user=65532, seccomp_profile=core.v1.SeccompProfileArgs(type="RuntimeDefault")
                ),
                containers=[_scale_container(self._args.namespace, job.replicas)],
            ),
        )
        batch.v1.CronJob(
            f"{self._name}-{job.name}",
            metadata=ObjectMetaArgs(name=f"{RELEASE_NAME}-{job.name}", namespace=self._args.made(self._args.namespace)),
            spec=batch.v1.CronJobSpecArgs(
                schedule=job.schedule,
                time_zone=self._args.plan.time_zone,  # the clock of the people, through both of its changes (EKS-19)
                concurrency_policy="Forbid",
                starting_deadline_seconds=3600,  # a control plane that was away still does it
                successful_jobs_history_limit=1,
                failed_jobs_history_limit=3,
                job_template=batch.v1.JobTemplateSpecArgs(
                    spec=batch.v1.JobSpecArgs(template=pod, backoff_limit=6, active_deadline_seconds=1200, ttl_seconds_after_finished=86400)
                ),
            ),
            opts=ResourceOptions(parent=self, depends_on=after),
        )


def _scale_container(namespace: str, replicas: int) -> core.v1.ContainerArgs:
    compute = {"cpu": "50m", "memory": "64Mi"}
    return core.v1.ContainerArgs(
        name="kubectl",
        image=KUBECTL,
        args=["scale", f"deployment/{RELEASE_NAME}", f"--namespace={namespace}", f"--replicas={replicas}"],
        resources=core.v1.ResourceRequirementsArgs(requests=compute, limits=compute),
        security_context=core.v1.SecurityContextArgs(
            allow_privilege_escalation=False, read_only_root_filesystem=True, capabilities=core.v1.CapabilitiesArgs(drop=["ALL"])
        ),
    )
