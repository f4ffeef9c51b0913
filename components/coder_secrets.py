"""Secrets of coderd: from Secrets Manager to Kubernetes, past values and state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
from pulumi import ComponentResource, Input, InvokeOptions, Output, Resource, ResourceOptions

from components.add_ons_access import STORE_ROLE_PATH
from components.coder_environment import (
    ENCRYPTION_KEYS,
    GITHUB_CLIENT_ID,
    GITHUB_CLIENT_SECRET,
    OIDC_CLIENT_ID,
    OIDC_CLIENT_SECRET,
    SecretKey,
    external_auth_key,
)
from components.iam import Statement, document
from components.identity import ClusterIdentity, WorkloadIdentity, WorkloadIdentityArgs
from settings.coder import Coder

API_VERSION = "external-secrets.io/v1"
SERVICE_ACCOUNT = "coder-secrets"
STORE = "coder-secrets"
REFRESH = "1h"  # coderd reads its secrets once, at its start: a changed one takes effect with the next rollout (T-39)

MASTER_USERNAME = SecretKey(name="coder-database-master", key="username")
MASTER_PASSWORD = SecretKey(name="coder-database-master", key="password")


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a secret comes from. secret: name or ARN in Secrets Manager; property: key of its JSON, None for the text as it is."""

    secret: Input[str]
    property: str | None = None


@dataclass(frozen=True, kw_only=True)
class CoderSecretsArgs:
    """What the secrets need. master_secret_arn: of the database's master password. master_key_arn: of the key of our own that it lies
    under; None where it is AWS's, which needs no right.
    """

    coder: Coder
    namespace: Input[str]
    namespace_name: str
    region: str
    identity: ClusterIdentity
    master_secret_arn: Input[str]
    master_key_arn: Input[str] | None
    add_ons: Sequence[Resource]


class CoderSecrets(ComponentResource):
    """A SecretStore and what it fetches (CDR-09, CDR-41, DB-08, EKS-23, EKS-27).

    The store reads with a role of its own, which may read exactly these secrets; coderd has no such right. Under irsa a service account
    of the store has the role. Pod Identity knows no service account but that of the pod that asks, which is External Secrets': there its
    own role may do nothing but take the store's. Values go from Secrets Manager to a Kubernetes Secret inside the cluster: the program
    and its state know names only. The update fails where a secret does not exist or lacks a key.
    """

    master: Resource
    coderd: list[Resource]

    def __init__(self, name: str, args: CoderSecretsArgs, opts: ResourceOptions | None = None) -> None:
        sources = _sources(args)
        facts = {"secrets": sorted({key.name for key in sources})}
        super().__init__("coder-eks:coder_secrets:CoderSecrets", name, facts, opts)

        role_arn, way, before = self._reader(name, args)
        store = kubernetes.apiextensions.CustomResource(
            name,
            api_version=API_VERSION,
            kind="SecretStore",
            metadata={"name": STORE, "namespace": args.namespace},
            spec={"provider": {"aws": {"service": "SecretsManager", "region": args.region, **way}}},
            opts=ResourceOptions(parent=self, depends_on=[*before, *args.add_ons]),
        )
        made = {secret: self._external_secret(name, args.namespace, secret, sources, store) for secret in facts["secrets"]}
        self.master = made.pop(MASTER_PASSWORD.name)
        self.coderd = list(made.values())
        self.register_outputs({**facts, "role_arn": role_arn})

    def _reader(self, name: str, args: CoderSecretsArgs) -> tuple[Output[str], dict[str, object], list[Resource]]:
        """The store's role, how the store names it, and what stands before the store (EKS-26, EKS-28)."""
        child = ResourceOptions(parent=self)
        if args.identity.secrets_role_arn is not None:
            take = Statement(
                sid="ExternalSecrets",
                actions=["sts:AssumeRole", "sts:TagSession"],
                principals={"AWS": [args.identity.secrets_role_arn]},
            )
            role = aws.iam.Role(
                name,
                description=f"{args.namespace_name}/{STORE}",
                path=STORE_ROLE_PATH,
                assume_role_policy=document(take),
                max_session_duration=3600,  # seconds; External Secrets renews
                opts=child,
            )
            policy = aws.iam.RolePolicy(name, role=role.name, policy=document(*self._statements(args)), opts=child)
            return role.arn, {"role": role.arn}, [role, policy]
        identity = WorkloadIdentity(
            name,
            WorkloadIdentityArgs(
                cluster=args.identity,
                namespace=args.namespace_name,
                service_account=SERVICE_ACCOUNT,
                statements=self._statements(args),
            ),
            opts=child,
        )
        account = kubernetes.core.v1.ServiceAccount(
            name,
            metadata={"name": SERVICE_ACCOUNT, "namespace": args.namespace, "annotations": identity.annotations},
            automount_service_account_token=False,
            opts=child,
        )
        return identity.role_arn, {"auth": {"jwt": {"serviceAccountRef": {"name": SERVICE_ACCOUNT}}}}, [account, identity]

    def _statements(self, args: CoderSecretsArgs) -> list[Statement]:
        here = InvokeOptions(parent=self)
        account = aws.get_caller_identity_output(opts=here).account_id
        partition = aws.get_partition_output(opts=here).partition
        names, key = args.coder.secrets, args.master_key_arn
        # six random characters end every secret's ARN; a pattern of exactly six matches no longer name
        named = [
            Output.concat("arn:", partition, ":secretsmanager:", args.region, ":", account, ":secret:", name, "-??????")
            for name in names.given
            if name != names.license  # coderd's provider installs it
        ]
        through = {"StringEquals": {"kms:ViaService": f"secretsmanager.{args.region}.amazonaws.com"}}
        return [
            Statement(
                sid="Read",
                actions=["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
                resources=[*named, args.master_secret_arn],
            ),
            *([Statement(sid="Decrypt", actions=["kms:Decrypt"], resources=[key], conditions=through)] if key is not None else []),
        ]

    def _external_secret(
        self, name: str, namespace: Input[str], secret: str, sources: Mapping[SecretKey, Source], store: Resource
    ) -> kubernetes.apiextensions.CustomResource:
        data = [
            {"secretKey": target.key, "remoteRef": {"key": source.secret} | ({"property": source.property} if source.property else {})}
            for target, source in sorted(sources.items(), key=lambda item: item[0].key)
            if target.name == secret
        ]
        return kubernetes.apiextensions.CustomResource(
            f"{name}-{secret.removeprefix('coder-')}",
            api_version=API_VERSION,
            kind="ExternalSecret",
            # the update waits for the values, and says so where there are none
            metadata={"name": secret, "namespace": namespace, "annotations": {"pulumi.com/waitFor": "condition=Ready"}},
            spec={
                "refreshInterval": REFRESH,
                "secretStoreRef": {"kind": "SecretStore", "name": STORE},
                "target": {"name": secret, "creationPolicy": "Owner", "deletionPolicy": "Retain"},
                "data": data,
            },
            opts=ResourceOptions(parent=self, depends_on=[store]),
        )


def _sources(args: CoderSecretsArgs) -> dict[SecretKey, Source]:
    """Every key of a Kubernetes Secret beside coderd, and where its value comes from."""
    names = args.coder.secrets
    logins = ((names.oidc, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET), (names.github, GITHUB_CLIENT_ID, GITHUB_CLIENT_SECRET))
    sources = {
        ENCRYPTION_KEYS: Source(secret=names.encryption_keys),
        MASTER_USERNAME: Source(secret=args.master_secret_arn, property="username"),
        MASTER_PASSWORD: Source(secret=args.master_secret_arn, property="password"),
    }
    for name, client_id, client_secret in logins:
        if name is not None:
            sources[client_id] = Source(secret=name, property="client_id")
            sources[client_secret] = Source(secret=name, property="client_secret")
    for login in args.coder.external_auth:
        for field in ("client-id", "client-secret"):
            key = f"{login.id}_{field.replace('-', '_')}"
            sources[external_auth_key(login.id, field)] = Source(secret=names.external_auth, property=key)
    return sources
