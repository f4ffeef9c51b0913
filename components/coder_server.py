"""coderd on the cluster: the release, what the chart lacks, and what has to be there before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
from pulumi import ComponentResource, Input, InvokeOptions, Output, Resource, ResourceOptions

from components import coder_environment, coder_network, coder_values
from components.coder_pods import SERVICE, Pods
from components.coder_secrets import CoderSecrets, CoderSecretsArgs
from components.coder_values import HTTP_PORT, SERVICE_ACCOUNT
from components.database_role import ROLE, DatabaseRole, DatabaseRoleArgs
from components.iam import Statement
from components.identity import ClusterIdentity, WorkloadIdentity, WorkloadIdentityArgs
from components.postgresql import DATABASE_NAME, PostgreSql
from plan.model import ControlPlan
from settings.coder import Coder


@dataclass(frozen=True, kw_only=True)
class CoderServerArgs:
    """What coderd needs.

    control: replicas and their size. version, chart_version: pinned, one release (CDR-42). password_login: on the first visit only, when
    the first token is to be made. quiet_hours: when templates' stop requirement strikes, None for Coder's default. namespace_name: the
    name that `namespace` resolves to. region: of the database and of the operator's secrets, wherever this coderd runs. add_ons: what must
    run first: External Secrets, the load balancer controller. target_group_arn: of the load balancer.
    """

    coder: Coder
    control: ControlPlan
    password_login: bool
    version: str
    chart_version: str
    quiet_hours: coder_environment.QuietHours | None
    region: str
    namespace: Input[str]
    namespace_name: str
    identity: ClusterIdentity
    placement: coder_values.Placement
    surroundings: coder_network.Surroundings
    add_ons: Sequence[Resource]
    database: PostgreSql
    vpc_id: Input[str]
    target_group_arn: Input[str]


class CoderServer(ComponentResource):
    """Helm release `coder` with its role, Service, binding to the load balancer, budget and policy.

    CDR-01 to CDR-06, CDR-08 to CDR-16, CDR-25, CDR-28, CDR-29, CDR-39 to CDR-41, DB-07, DB-16, EKS-12, EKS-23, EKS-34.

    Before it come its secrets, its database role and the target group's binding; after it whatever speaks to it. coderd has
    no right in the cluster, and in AWS none but to log in to the database as its role. A changed secret reaches it with
    the next rollout (T-39). Raises UnknownChartValueError for a value or variable that chart or server would ignore.
    """

    internal_url: Output[str]
    """Where pods of the cluster reach coderd: neither NAT nor load balancer lies between (NET-34)."""
    internal_url_text: str
    """The same as plain text, for what is rendered before the namespace exists."""
    release: Resource

    def __init__(self, name: str, args: CoderServerArgs, opts: ResourceOptions | None = None) -> None:
        facts = {
            "version": args.version,
            "chart_version": args.chart_version,
            "replicas": args.control.replicas,
            "access_url": f"https://{args.coder.access_host}",
            "wildcard_host": args.coder.wildcard_host,
            "password_login": args.password_login,
            "provisioner_daemons": 0,
            "node_group": args.placement.group,
        }
        super().__init__("coder-eks:coder_server:CoderServer", name, facts, opts)
        self._child = ResourceOptions(parent=self)

        secrets = self._secrets(name, args)
        role = DatabaseRole(
            f"{name}-database-role",
            DatabaseRoleArgs(
                namespace=args.namespace,
                region=args.region,
                endpoint=args.database.endpoint,
                port=args.database.port,
                master_secret=secrets.master,
                placement=args.placement,
                surroundings=args.surroundings,
            ),
            opts=self._child,
        )
        account = self._service_account(name, args)
        pods = Pods(
            name=name,
            namespace=args.namespace,
            vpc_id=args.vpc_id,
            target_group_arn=args.target_group_arn,
            add_ons=args.add_ons,
            parent=self,
        )
        around = pods.around(coder_network.coderd(args.surroundings))
        before = [account, role, *secrets.coderd, *around, *args.add_ons]
        self.release = pods.release(args.chart_version, self._values(args, role), before)

        self.internal_url = Output.concat("http://", SERVICE, ".", args.namespace, f".svc.cluster.local:{HTTP_PORT}")
        self.internal_url_text = f"http://{SERVICE}.{args.namespace_name}.svc.cluster.local:{HTTP_PORT}"
        self.register_outputs({**facts, "internal_url": self.internal_url})

    def _secrets(self, name: str, args: CoderServerArgs) -> CoderSecrets:
        return CoderSecrets(
            f"{name}-secrets",
            CoderSecretsArgs(
                coder=args.coder,
                namespace=args.namespace,
                namespace_name=args.namespace_name,
                region=args.region,
                identity=args.identity,
                master_secret_arn=args.database.secret_arn,
                master_key_arn=args.database.key_arn,
                add_ons=args.add_ons,
            ),
            opts=self._child,
        )

    def _service_account(self, name: str, args: CoderServerArgs) -> kubernetes.core.v1.ServiceAccount:
        """CoderServerRole: may log in to the database as coderd's role, and nothing else (EKS-23)."""
        here = InvokeOptions(parent=self)
        account = aws.get_caller_identity_output(opts=here).account_id
        partition = aws.get_partition_output(opts=here).partition
        user = Output.concat("arn:", partition, ":rds-db:", args.region, ":", account, ":dbuser:", args.database.resource_id, "/", ROLE)
        identity = WorkloadIdentity(
            name,
            WorkloadIdentityArgs(
                cluster=args.identity,
                namespace=args.namespace_name,
                service_account=SERVICE_ACCOUNT,
                statements=[Statement(sid="LogIn", actions=["rds-db:connect"], resources=[user])],
            ),
            opts=self._child,
        )
        return kubernetes.core.v1.ServiceAccount(
            name,
            metadata={"name": SERVICE_ACCOUNT, "namespace": args.namespace, "annotations": identity.annotations},
            automount_service_account_token=False,
            opts=ResourceOptions(parent=self, depends_on=[identity]),
        )

    def _values(self, args: CoderServerArgs, role: DatabaseRole) -> dict[str, object]:
        database_url = Output.all(args.database.endpoint, args.database.port).apply(
            lambda known: coder_environment.database_url(ROLE, str(known[0]), int(known[1]), DATABASE_NAME)
        )
        variables = coder_environment.environment(
            args.coder,
            coder_environment.ServerFacts(
                database_url=database_url,
                region=args.region,
                quiet_hours=args.quiet_hours,
                password_login=args.password_login,
                traces_in=args.namespace_name if args.surroundings.traces else None,
            ),
        )
        return coder_values.values(
            coder_values.ReleaseFacts(
                version=args.version,
                replicas=args.control.replicas,
                cpu=args.control.cpu,
                memory=args.control.memory,
                placement=args.placement,
                certificates_config_map=role.certificates,
            ),
            variables,
        )
