"""**Feature: coder-deployment-guide, Property 9: Admin Access Restriction** (POL-09)"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policy.iam import Statement, statements
from policy.values import Unknown
from tests.policy.breaking import Breaking, Broken, add, assert_caught, cases, examples, put, remove
from tests.policy.judge import assert_open, run
from tests.policy.recorded import Entry, Recording, stack
from tests.policy.world import DEPLOYED, PREVIEW

RELEASE, ROLE_POLICY, TEMPLATE = "kubernetes:helm.sh/v3:Release", "aws:iam/rolePolicy:RolePolicy", "aws:ec2/launchTemplate:LaunchTemplate"
ROLE, BINDING = "kubernetes:rbac.authorization.k8s.io/v1:Role", "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
CLUSTER_ROLE = "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole"
CLUSTER_BINDING = "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding"
ACCESS, ATTACHMENT = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation", "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
NAME = "property-09-admin-access"
DISABLED, PATH_APPS = "CODER_DISABLE_OWNER_WORKSPACE_ACCESS", "CODER_DANGEROUS_ALLOW_PATH_APP_SITE_OWNER_ACCESS"
ORGANIZATION = "coderd:index/organization:Organization"
PEOPLE = [{"kind": "Group", "name": "platform", "apiGroup": "rbac.authorization.k8s.io"}]


def coderd(found: Recording) -> Entry:
    return next(entry for entry in found.all(RELEASE) if str(entry.inputs["chart"]).rstrip("/").endswith("coder"))


def env(name: str, *values: str | None) -> Breaking:
    """The variable as given, in that order; None: it is not there."""

    def change(found: Recording) -> None:
        release = coderd(found)
        kept = [item for item in release.inputs["values"]["coder"]["env"] if item["name"] != name]
        release.put("values.coder.env", [*kept, *({"name": name, "value": value} for value in values if value is not None)])

    return change


def from_map(name: str, value: str) -> Breaking:
    """The variable comes from a ConfigMap of the stack."""

    def change(found: Recording) -> None:
        release = coderd(found)
        release.put("namespace", "coder")
        found.add(CONFIG_MAP, "told", {"metadata": {"name": "told", "namespace": "coder"}, "data": {"key": value}}, release).edges = {}
        kept = [item for item in release.inputs["values"]["coder"]["env"] if item["name"] != name]
        told = {"name": name, "valueFrom": {"configMapKeyRef": {"name": "told", "key": "key"}}}
        release.put("values.coder.env", [*kept, told])

    return change


def rules(*more: dict[str, Any]) -> Breaking:
    def change(found: Recording) -> None:
        role = found.one(ROLE, None)
        role.put("rules", [*role.inputs["rules"], *more])

    return change


def people(role: str, namespace: str | None, kind: str = "Role", *own: dict[str, Any]) -> Breaking:
    """A group of people bound to a role, of the stack where it has rules."""

    def change(found: Recording) -> None:
        like = found.one(BINDING, None)
        meta = {"name": "staff", **({"namespace": namespace} if namespace else {})}
        token = BINDING if namespace else CLUSTER_BINDING
        found.add(
            token, "staff", {"metadata": meta, "roleRef": {"kind": kind, "name": role}, "subjects": [dict(each) for each in PEOPLE]}, like
        ).edges = {}
        if own:
            found.add(CLUSTER_ROLE, role, {"metadata": {"name": role}, "rules": list(own)}, like).edges = {}

    return change


def grants(*actions: str) -> Breaking:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}
    return add(ROLE_POLICY, "sessions", {"role": "r", "policy": json.dumps(document)}, like=ROLE_POLICY)


STAFF = "arn:aws:iam::aws:policy/AdministratorAccess"
START = json.dumps({"Statement": {"Effect": "Allow", "Action": "ssm:StartSession", "Resource": "*"}})
CARRIERS: list[tuple[str, dict[str, Any]]] = [
    ("iam/role:Role", {"inlinePolicies": [{"name": "a", "policy": "{}"}, {"name": "b", "policy": START}]}),
    ("iam/role:Role", {"managedPolicyArns": [STAFF]}),
    ("iam/userPolicy:UserPolicy", {"policy": START}),
    ("iam/groupPolicy:GroupPolicy", {"policy": START}),
    ("iam/policyAttachment:PolicyAttachment", {"groups": ["staff"], "policyArn": STAFF}),
    ("iam/userPolicyAttachment:UserPolicyAttachment", {"policyArn": STAFF}),
    ("iam/groupPolicyAttachment:GroupPolicyAttachment", {"policyArn": STAFF}),
    (
        "iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
        {"policyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess", STAFF]},
    ),
    ("ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy", {"inlinePolicy": START}),
    ("ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment", {"managedPolicyArn": STAFF}),
]


def two_of_a_name(found: Recording) -> None:
    """People make pods by a role of coder-ws; one of that name elsewhere reads only."""
    people("makers", "coder-ws")(found)
    role_of(found, "makers", "coder-ws", "create")
    role_of(found, "makers", "zzz", "list")


def role_of(found: Recording, name: str, namespace: str, verb: str) -> Entry:
    """A Role of the stack that may do so with pods."""
    inputs = {"metadata": {"name": name, "namespace": namespace}, "rules": [{"resources": ["pods"], "verbs": [verb]}]}
    made = found.add(ROLE, f"{name}-{namespace}", inputs, found.one(BINDING))
    made.edges = {}
    return made


def makers_elsewhere(found: Recording) -> None:
    """People read pods by a role of coder-ws; others of that namespace, and of that name elsewhere, make them."""
    people("readers", "coder-ws")(found)
    role_of(found, "readers", "coder-ws", "list")
    role_of(found, "makers", "coder-ws", "create")
    role_of(found, "readers", "zzz", "create")


def by_edge(namespace: str, verb: str) -> Breaking:
    """A binding and its role in a namespace that only the edge tells."""

    def change(found: Recording) -> None:
        people("makers", namespace)(found)
        for entry in (found.one(BINDING, "staff"), role_of(found, "makers", namespace, verb)):
            entry.put("metadata.namespace", UNKNOWN_STRING_VALUE)
            entry.edges = {"metadata": [found.one("kubernetes:core/v1:Namespace", namespace).urn]}

    return change


def unknown_role(found: Recording) -> None:
    people("later", "coder-ws")(found)
    found.one(BINDING, "staff").put("roleRef.name", UNKNOWN_STRING_VALUE)


def access(policy: str, scope: dict[str, Any]) -> Breaking:
    arn = f"arn:aws:eks::aws:cluster-access-policy/{policy}"
    return add(ACCESS, "staff", {"policyArn": arn, "principalArn": "arn:aws:iam::1:role/staff", "accessScope": scope}, like=ROLE_POLICY)


BROKEN = [
    Broken("owners may open workspaces", f"has {DISABLED} 'false'", env(DISABLED, "false")),
    Broken("the switch is not set", f"has {DISABLED} not set", env(DISABLED, None)),
    Broken("a later duplicate wins", f"has {DISABLED} 'false'", env(DISABLED, "true", "false")),
    Broken("a spelling that Go does not read", f"has {DISABLED} 'yes'", env(DISABLED, "yes")),
    Broken("a look-alike of the switch", f"has {DISABLED} not set", lambda f: (env(DISABLED, None)(f), env(f"{DISABLED}S", "true")(f))),
    Broken("owners open path apps", f"sets {PATH_APPS}", env(PATH_APPS, "true")),
    Broken("no coderd at all", "no release of the chart coder", lambda f: f.remove(coderd(f)), whole=True),
    Broken("a role with exec", "grants pods/exec", rules({"apiGroups": [""], "resources": ["pods", "pods/exec"], "verbs": ["create"]})),
    Broken(
        "a role with debug containers",
        "grants pods/ephemeralcontainers",
        rules({"apiGroups": [""], "resources": ["pods/ephemeralcontainers"], "verbs": ["patch"]}),
    ),
    Broken("a role with everything", "on all resources", rules({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]})),
    Broken("a role that reads everything", "on all resources", rules({"apiGroups": ["*"], "resources": ["*"], "verbs": ["get"]})),
    *(
        Broken(f"a role with {resource} by {verb}", f"grants {resource}", rules({"resources": ["services", resource], "verbs": [verb]}))
        for resource, verb in [
            ("pods/*", "get"),
            ("*/exec", "update"),
            ("pods/exec", "*"),
            ("*/attach", "create"),
            ("*/portforward", "get"),
        ]
    ),
    Broken(
        "people bind roles",
        "gives platform the role binders",
        people("binders", None, "ClusterRole", {"apiGroups": [""], "resources": ["roles"], "verbs": ["bind"]}),
    ),
    Broken("a role's name twice", "gives platform the role makers, which reaches workspaces", two_of_a_name),
    Broken("a role from elsewhere", "the role breakers, which is none of the stack's", people("breakers", "coder-ws", "ClusterRole")),
    Broken(
        "people that are called as nodes are",
        "gives system:node-admins the role edit",
        lambda f: (people("edit", "coder-ws", "ClusterRole")(f), f.one(BINDING, "staff").put("subjects.0.name", "system:node-admins")),
    ),
    *(
        Broken(
            f"people make {resource}",
            "gives platform the role makers",
            people("makers", None, "ClusterRole", {"resources": [resource], "verbs": ["create"]}),
        )
        for resource in ("replicationcontrollers", "serviceaccounts/token")
    ),
    Broken(
        "a flag on the command line",
        f"has {DISABLED} 'false'",
        lambda f: coderd(f).put("values.coder.commandArgs", ["server", "--disable-owner-workspace-access=false"]),
    ),
    Broken(
        "a flag for path apps",
        f"sets {PATH_APPS}",
        lambda f: coderd(f).put("values.coder.commandArgs", ["server", "--dangerous-allow-path-app-site-owner-access"]),
    ),
    *(
        Broken(
            f"{token} with {next(iter(inputs))}",
            "attaches AdministratorAccess" if STAFF in str(inputs) else "allows ssm:StartSession",
            add(f"aws:{token}", "staff", inputs, like=ROLE_POLICY),
        )
        for token, inputs in CARRIERS
    ),
    *(
        Broken(f"people may {verb} {resource}", "gives platform the role makers", people("makers", None, "ClusterRole", rule))
        for verb, resource in [("create", "*"), ("*", "pods"), ("escalate", "roles"), ("*", "serviceaccounts/token")]
        for rule in [{"resources": [resource], "verbs": [verb]}]
    ),
    Broken("a role of a namespace that its edge tells", "gives platform the role makers, which reaches", by_edge("coder-ws", "create")),
    Broken(
        "an administrator after a role that is not known yet",
        "gives platform the role cluster-admin",
        lambda f: (unknown_role(f), people("cluster-admin", None, "ClusterRole")(f)),
    ),
    Broken(
        "an administrator after a reader",
        "gives platform the role cluster-admin",
        lambda f: (people("view", "coder-ws", "ClusterRole")(f), people("cluster-admin", None, "ClusterRole")(f)),
    ),
    Broken(
        "a managed policy's name under a path",
        "attaches AdministratorAccess",
        put(ATTACHMENT, None, "policyArn", "arn:aws:iam::123456789012:policy/teams/AdministratorAccess"),
    ),
    Broken("a role with two shells", "grants pods/attach, pods/exec", rules({"resources": ["pods/exec", "pods/attach"], "verbs": ["get"]})),
    Broken("the switch in a ConfigMap", f"has {DISABLED} 'false'", from_map(DISABLED, "false")),
    Broken("path apps by a ConfigMap", f"sets {PATH_APPS}", from_map(PATH_APPS, "true")),
    Broken(
        "people administrate beside workspaces", "gives platform the role admin, which reaches", people("admin", "coder-ws", "ClusterRole")
    ),
    Broken(
        "everyone shares",
        "lets everyone share workspaces",
        add(ORGANIZATION, "coder", {"name": "coder", "workspaceSharing": "everyone"}, like=ROLE_POLICY),
    ),
    *(
        Broken(f"the managed policy {name}", f"attaches {name}", put(ATTACHMENT, None, "policyArn", f"arn:aws:iam::aws:policy/{name}"))
        for name in ("AdministratorAccess", "PowerUserAccess")
    ),
    Broken(
        "people are administrators", "gives platform the role cluster-admin, which reaches", people("cluster-admin", None, "ClusterRole")
    ),
    Broken("people edit beside workspaces", "gives platform the role edit, which reaches", people("edit", "coder-ws", "ClusterRole")),
    Broken(
        "people make pods",
        "gives platform the role makers",
        people("makers", None, "ClusterRole", {"apiGroups": ["apps"], "resources": ["daemonsets"], "verbs": ["create"]}),
    ),
    Broken(
        "people act as others",
        "gives platform the role actors",
        people("actors", None, "ClusterRole", {"apiGroups": [""], "resources": ["users"], "verbs": ["impersonate"]}),
    ),
    Broken("EKS access of an administrator", "AmazonEKSClusterAdminPolicy", access("AmazonEKSClusterAdminPolicy", {"type": "cluster"})),
    Broken(
        "EKS access to the workspaces' namespace",
        "AmazonEKSEditPolicy",
        access("AmazonEKSEditPolicy", {"type": "namespace", "namespaces": ["coder", "coder-ws"]}),
    ),
    Broken(
        "EKS access to a pattern of namespaces",
        "AmazonEKSEditPolicy",
        access("AmazonEKSEditPolicy", {"type": "namespace", "namespaces": ["coder-*"]}),
    ),
    Broken("a session on machines", "allows ssm:StartSession", grants("ssm:StartSession")),
    Broken("a session by wildcard", "allows ssm:StartSession", grants("s3:GetObject", "SSM:Start*")),
    Broken(
        "a managed policy with sessions",
        "attaches AmazonSSMFullAccess",
        put(ATTACHMENT, None, "policyArn", "arn:aws:iam::aws:policy/AmazonSSMFullAccess"),
    ),
    Broken("a key on the nodes", "has an SSH key", put(TEMPLATE, "coder-ws-a", "keyName", "operations")),
    Broken("log-in to a node group", "log in to its nodes", put("aws:eks/nodeGroup:NodeGroup", None, "remoteAccess", {"ec2SshKey": "k"})),
]


@cases(BROKEN)
def test_a_broken_fact_is_named(broken: Broken, mode: str) -> None:
    assert_caught(broken, mode, 9)


TRUE = ["true", "1", "TRUE", "True", "t", "T"]


@examples
@given(
    values=st.lists(st.sampled_from([*TRUE, "false", "0", "yes", "on", ""]), max_size=3),
    path_apps=st.sampled_from([None, "true", "false", "1"]),
    people_may=st.sampled_from([None, "view", "edit", "admin"]),
    where=st.sampled_from(["coder-ws", "monitoring"]),
)
def test_no_administrator_reaches_a_workspace_iff_it_passes(
    values: list[str], path_apps: str | None, people_may: str | None, where: str
) -> None:
    """**Feature: coder-deployment-guide, Property 9: Admin Access Restriction**

    The oracle asks of each actor whether a way is open: an owner by Coder's flags, a person by Kubernetes' built-in roles.
    """
    found = small()
    env(DISABLED, *values)(found)
    env(PATH_APPS, path_apps)(found)
    if people_may:
        people(people_may, where, "ClusterRole")(found)
    owner_opens = not values or values[-1] not in TRUE
    apps_open = path_apps in ("true", "1")
    person_opens = people_may in ("edit", "admin") and where == "coder-ws"
    assert (run(found, PREVIEW, number=9).violations(9) == []) == (not (owner_opens or apps_open or person_opens))


def small() -> Recording:
    """coderd and who is bound to what."""
    found = stack("prod", PREVIEW)
    release = coderd(found)
    keep = {"coder-eks:environment:Environment", "pulumi:pulumi:Stack", ROLE, BINDING}
    found.entries = [entry for entry in found.entries if entry.type in keep or entry is release]
    return found


def test_break_glass_is_an_entry_of_the_config() -> None:
    found = small()
    people("cluster-admin", None, "ClusterRole")(found)
    config = {"property-09-admin-access": {"breakGlass": ["staff"]}}
    assert run(found, PREVIEW, config, number=9).violations(9) == []


@pytest.mark.parametrize(
    ("named", "broken"),
    [
        ("arn:aws:iam::1:role/staff", access("AmazonEKSAdminPolicy", {"type": "cluster"})),
        ("sessions-policy", lambda f: (grants("ssm:*")(f), f.one(ROLE_POLICY, "sessions").put("name", "sessions-policy"))),
        ("shells", lambda f: (rules({"resources": ["pods/exec"], "verbs": ["*"]})(f), f.one(ROLE).put("metadata.name", "shells"))),
    ],
)
def test_break_glass_names_a_resource_as_its_service_does(named: str, broken: Breaking) -> None:
    found = stack("prod", DEPLOYED)
    broken(found)
    assert run(found, DEPLOYED, number=9).violations(9) != []
    config = {f"property-09-admin-access{part}": {"breakGlass": [named]} for part in ("", "-inputs")}
    assert run(found, DEPLOYED, config, number=9).violations(9) == []


@pytest.mark.parametrize(
    ("unknown", "what"),
    [
        (put(ROLE, None, "rules", UNKNOWN_STRING_VALUE), "its rules are unknown"),
        (env(DISABLED, UNKNOWN_STRING_VALUE), f"{DISABLED} is unknown"),
        (env(PATH_APPS, UNKNOWN_STRING_VALUE), f"{PATH_APPS} is unknown"),
    ],
)
def test_an_unknown_is_left_open_with_its_urn(unknown: Breaking, what: str) -> None:
    found = small()
    unknown(found)
    urn = found.one(ROLE).urn if what.startswith("its") else coderd(found).urn
    assert_open(run(found, PREVIEW, number=9), 9, urn, what)


def test_an_unknown_role_is_left_open() -> None:
    found = small()
    unknown_role(found)
    assert_open(run(found, PREVIEW, number=9), 9, found.one(BINDING, "staff").urn, "the role that it gives is unknown")


def test_an_unknown_access_policy_is_left_open() -> None:
    found = stack("prod", PREVIEW)
    access("AmazonEKSViewPolicy", {"type": "cluster"})(found)
    found.one(ACCESS, "staff").put("policyArn", UNKNOWN_STRING_VALUE)
    assert_open(run(found, PREVIEW, number=9), 9, found.one(ACCESS, "staff").urn, "its access policy is unknown")


@pytest.mark.parametrize(
    "lawful",
    [
        access("AmazonEKSViewPolicy", {"type": "cluster"}),
        access("AmazonEKSEditPolicy", {"type": "namespace", "namespaces": ["coder"]}),
        people("view", "coder-ws", "ClusterRole"),
        people("edit", "monitoring", "ClusterRole"),
        by_edge("coder-prov", "create"),
        by_edge("coder-ws", "list"),
        makers_elsewhere,
        people("readers", "coder-ws", "ClusterRole", {"resources": ["pods"], "verbs": ["list"]}),
        people("accounts", None, "ClusterRole", {"resources": ["serviceaccounts"], "verbs": ["create"]}),
        people("accounts", None, "ClusterRole", {"resources": ["serviceaccounts/token"], "verbs": ["get"]}),
        from_map(DISABLED, "true"),
        from_map(PATH_APPS, "false"),
        people("readers", None, "ClusterRole", {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}),
        rules({"apiGroups": ["*"], "resources": ["*"], "verbs": ["list", "watch"]}),
        rules({"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["list"]}),
    ],
)
def test_whoever_only_reads_may(lawful: Breaking) -> None:
    found = stack("prod", DEPLOYED)
    lawful(found)
    outcome = run(found, DEPLOYED, number=9)
    assert outcome.violations(9) == []
    assert NAME in outcome.passed


def test_a_statement_by_not_action_allows_the_rest() -> None:
    text = json.dumps({"Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}})
    (found,) = statements(text)
    assert found.allows("ssm:StartSession")
    assert not found.allows("iam:PassRole")


WRITTEN: dict[str, tuple[dict[str, Any], Statement]] = {
    "one of each": (
        {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*", "Principal": {"AWS": "1", "Service": ["ec2", "ecs"]}},
        Statement("Allow", ("s3:Get*",), (), ("*",), (), (("AWS", "1"), ("Service", "ec2"), ("Service", "ecs")), {}),
    ),
    "all but some, where a condition holds": (
        {"Effect": "Deny", "NotAction": ["s3:*"], "NotResource": ["a", "b"], "Principal": "*", "Condition": {"Bool": {"x": "true"}}},
        Statement("Deny", (), ("s3:*",), (), ("a", "b"), (("AWS", "*"),), {"Bool": {"x": "true"}}),
    ),
    "nothing": ({}, Statement("", (), (), (), (), (), {})),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_statement_is_read_whole(name: str) -> None:
    """As text or not, alone or in a list."""
    written, statement = WRITTEN[name]
    alone: Any = written
    for inner in (alone, [alone]):
        assert list(statements({"Statement": inner})) == list(statements(json.dumps({"Statement": inner}))) == [statement]


@pytest.mark.parametrize("nothing", [None, Unknown.UNKNOWN, "", "no JSON", "[]", {}, {"Version": "2012-10-17"}, 1])
def test_what_is_no_document_says_nothing(nothing: Any) -> None:
    assert list(statements(nothing)) == []


@pytest.mark.parametrize(
    ("given", "action", "allowed"),
    [
        ({"Effect": "Allow", "Action": "SSM:start*"}, "ssm:StartSession", True),
        ({"Effect": "Allow", "Action": "ssm:StartSessio?"}, "ssm:StartSession", True),
        ({"Effect": "Allow", "Action": "ssm:[S]tartSession"}, "ssm:StartSession", False),  # brackets are no pattern of IAM's
        ({"Effect": "Allow", "Action": "a:[b]"}, "a:[b]", True),
        ({"Effect": "Deny", "Action": "*"}, "ssm:StartSession", False),
    ],
)
def test_actions_match_as_iam_matches_them(given: dict[str, Any], action: str, allowed: bool) -> None:
    (found,) = statements({"Statement": given})
    assert found.allows(action) is allowed


@pytest.mark.parametrize(
    ("given", "everything"),
    [({"Resource": ["arn:aws:s3:::a", "*"]}, True), ({"NotResource": "a"}, True), ({"Resource": "arn:aws:s3:::*"}, False), ({}, False)],
)
def test_all_but_one_resource_is_everything(given: dict[str, Any], everything: bool) -> None:
    (found,) = statements({"Statement": given})
    assert found.on_everything is everything


def test_removing_any_role_changes_nothing() -> None:
    found = stack("prod", DEPLOYED)
    remove(ROLE)(found)
    assert run(found, DEPLOYED, number=9).violations(9) == []
