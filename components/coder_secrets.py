"""Secrets of coderd: from Secrets Manager to Kubernetes, past values and state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
from pulumi import ComponentResource, Input, InvokeOptions, Output, Resource, ResourceOptions

from components.coder_environment import (
    ENCRYPTION_KEYS,
    GITHUB_CLIENT_ID,
    GITHUB_CLIENT_SECRET,
    OIDC_CLIENT_ID,
    OIDC_CLIENT_SECRET,
    SecretKey,
    external_auth_key,
)
from components.iam import Statement
from components.identity import ClusterIdentity, WorkloadIdentity, WorkloadIdentityArgs
from settings.cluster import IdentityMode
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
    """What the secrets need. master_secret_arn, master_key_arn: of the password that RDS manages, and of the key that it lies under."""

    coder: Coder
    namespace: Input[str]
    namespace_name: str
    region: str
    identity: ClusterIdentity
    master_secret_arn: Input[str]
    master_key_arn: Input[str]
    add_ons: Sequence[Resource]


class CoderSecrets(ComponentResource):
    """A SecretStore and what it fetches (CDR-09, CDR-41, DB-08, EKS-23, EKS-27).

    The store reads with the role of a service account of its own, which may read exactly these secrets; neither coderd nor External
    Secrets has that right. Values go from Secrets Manager to a Kubernetes Secret inside the cluster: the program and its state know names
    only. The update fails where a secret does not exist or lacks a key.
    """

    master: Resource
    coderd: list[Resource]

    def __init__(self, name: str, args: CoderSecretsArgs, opts: ResourceOptions | None = None) -> None:
        sources = _sources(args)
        facts = {"secrets": sorted({key.name for key in sources})}
        super().__init__("coder-eks:coder_secrets:CoderSecrets", name, facts, opts)
        child = ResourceOptions(parent=self)

        # External Secrets exchanges the account's token itself, which works by IRSA only; under pod-identity too
        identity = WorkloadIdentity(
            name,
            WorkloadIdentityArgs(
                cluster=replace(args.identity, mode=IdentityMode.IRSA),
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
        store = kubernetes.apiextensions.CustomResource(
            name,
            api_version=API_VERSION,
            kind="SecretStore",
            metadata={"name": STORE, "namespace": args.namespace},
            spec={
                "provider": {
                    "aws": {
                        "service": "SecretsManager",
                        "region": args.region,
                        "auth": {"jwt": {"serviceAccountRef": {"name": SERVICE_ACCOUNT}}},
                    }
                }
            },
            opts=ResourceOptions(parent=self, depends_on=[account, identity, *args.add_ons]),
        )
        made = {secret: self._external_secret(name, args.namespace, secret, sources, store) for secret in facts["secrets"]}
        self.master = made.pop(MASTER_PASSWORD.name)
        self.coderd = list(made.values())
        self.register_outputs({**facts, "role_arn": identity.role_arn})

    def _statements(self, args: CoderSecretsArgs) -> list[Statement]:
        here = InvokeOptions(parent=self)
        account = aws.get_caller_identity_output(opts=here).account_id
        partition = aws.get_partition_output(opts=here).partition
        names = args.coder.secrets
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
            Statement(sid="Decrypt", actions=["kms:Decrypt"], resources=[args.master_key_arn], conditions=through),
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
