"""**Feature: coder-deployment-guide, Property 9: Admin Access Restriction**

No role of Coder opens another person's workspace, and no person has a way round Coder: no shell into its pod or machine, no mount of its
volume (requirement 12a.10, POL-09, CDR-14, T-28). Inside Coder that is what coderd is started with; outside, what the rules of Kubernetes
and IAM grant to people. Break-glass access is named in the config of this policy.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from pulumi_policy import Severity

from policy import helm, iam, tokens
from policy.crossguard import DOCUMENTATION, Property
from policy.graph import Graph, Node
from policy.stack import Stack
from policy.values import Props, Unknown, Value, at, leaves, mapping, sequence, text
from policy.verdict import Verdict

DISABLED = "CODER_DISABLE_OWNER_WORKSPACE_ACCESS"
DANGEROUS = ("CODER_DANGEROUS_ALLOW_PATH_APP_SITE_OWNER_ACCESS", "CODER_DANGEROUS_ALLOW_PATH_APP_SHARING")
TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})  # what Go's strconv.ParseBool takes for true, which coderd reads its flags with
FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})

# Subresources that open a running pod, and verbs that lead there (Kubernetes, "Role Based Access Control Good Practices", read 2026-11)
OF_PODS = frozenset({"exec", "attach", "portforward", "proxy", "ephemeralcontainers"})
SHELLS = frozenset({*(f"{of}/{opening}" for of in ("pods", "*") for opening in OF_PODS), "pods/*", "nodes/proxy"})
MAKERS = frozenset(
    {"pods", "replicationcontrollers", "deployments", "daemonsets", "statefulsets", "replicasets", "jobs", "cronjobs"}
)  # whoever makes a pod mounts a volume
MAKING = frozenset({"create", "update", "patch"})
PEOPLE = frozenset({"User", "Group"})
# Users and groups that are no people, and built-in roles that only read (Kubernetes, "Using RBAC Authorization", read 2026-11)
PEOPLE_OF_KUBERNETES = ("system:serviceaccount:", "system:serviceaccounts:", "system:node:", "system:nodes")
READERS = frozenset({"view", "system:basic-user", "system:discovery", "system:public-info-viewer", "system:monitoring"})
WORKSPACES = "coder-ws"

# EKS access policies that hold exec or the making of pods (EKS user guide, "Review access policy permissions", read 2026-11)
OPENING_POLICIES = ("AmazonEKSClusterAdminPolicy", "AmazonEKSAdminPolicy", "AmazonEKSEditPolicy")
SESSIONS = (
    "ssm:StartSession",
    "ssm:ResumeSession",
    "ssm:SendCommand",
    "ec2-instance-connect:SendSSHPublicKey",
    "ec2-instance-connect:OpenTunnel",
)


def _release(node: Node, settings: Props, verdict: Verdict) -> None:
    """What a release says by itself; what comes from elsewhere is judged with the stack."""
    del settings
    if helm.chart_of(node) == helm.CODER:
        _coderd(None, node, verdict)


def _coderd(graph: Graph | None, release: Node, verdict: Verdict) -> None:
    variable = helm.effective(graph, release, DISABLED)
    if isinstance(variable.value, Unknown):
        verdict.undecided(release, f"{DISABLED} is unknown")
    elif variable.value not in TRUE:
        shown = "not set" if variable.spelt is None else repr(variable.spelt)
        verdict.wrong(release, f'has {DISABLED} {shown}: owners may open every workspace; set it to the text "true"')
    for name in DANGEROUS:
        variable = helm.effective(graph, release, name)
        if isinstance(variable.value, Unknown):
            verdict.undecided(release, f"{name} is unknown")
        elif variable.value is not None and variable.value not in FALSE:
            verdict.wrong(release, f"sets {name}, which opens other people's apps; remove it")


def _organization(node: Node, settings: Props, verdict: Verdict) -> None:
    del settings
    if node.get("workspaceSharing") == "everyone":
        verdict.wrong(node, "lets everyone share workspaces; set workspace_sharing to none")


def _grants(rule: Value) -> str | None:
    """What of a Kubernetes rule opens a workspace; none where nothing does."""
    resources = [item for item in sequence(at(rule, "resources")) if isinstance(item, str)]
    verbs = {item for item in sequence(at(rule, "verbs")) if isinstance(item, str)}
    if "*" in resources:
        return f"{'/'.join(sorted(verbs))} on all resources" if verbs & {"*", "get", *MAKING} else None
    shells = [resource for resource in resources if resource in SHELLS]
    if shells and verbs & {"*", "get", "create", "update", "patch"}:
        return ", ".join(sorted(shells))
    return None


def _makes_pods(rule: Value) -> bool:
    resources = {item for item in sequence(at(rule, "resources")) if isinstance(item, str)}
    verbs = {item for item in sequence(at(rule, "verbs")) if isinstance(item, str)}
    acts = verbs & {"impersonate", "escalate", "bind"} or ("serviceaccounts/token" in resources and verbs & {"*", "create"})
    return bool(resources & {"*", *MAKERS} and verbs & {"*", *MAKING}) or bool(acts)


def _kubernetes_role(node: Node, settings: Props, verdict: Verdict) -> None:
    """No role opens a shell, whoever it is bound to: not even the provisioners need one."""
    if _excepted(node, settings):
        return
    for rule in sequence(node.get("rules")):
        found = _grants(rule)
        if found:
            verdict.wrong(
                node, f"grants {found}, which opens workspaces; remove it, or name the role under breakGlass in this policy's config"
            )
    if isinstance(node.get("rules"), Unknown):
        verdict.undecided(node, "its rules are unknown")


def _excepted(node: Node, settings: Props) -> bool:
    names = {node.name, text(node.get("metadata", "name")), text(node.get("principalArn")), text(node.get("name"))}
    return bool(names & {item for item in sequence(settings.get("breakGlass")) if isinstance(item, str)})


def _people(binding: Node) -> Iterator[str]:
    for subject in sequence(binding.get("subjects")):
        name = text(at(subject, "name")) or ""
        if at(subject, "kind") in PEOPLE and not name.startswith(PEOPLE_OF_KUBERNETES):
            yield name


def _bindings(graph: Graph, settings: Props, verdict: Verdict) -> None:
    """No person may make pods beside workspaces or act as somebody else; the built-in roles that can are as bad as one of the stack's."""
    for binding in graph.all(*tokens.ROLE_BINDINGS):
        verdict.saw(binding)
        people = sorted(set(_people(binding)))
        if not people or _excepted(binding, settings):
            continue
        named = binding.get("roleRef", "name")
        if isinstance(named, Unknown):
            verdict.undecided(binding, "the role that it gives is unknown")
            continue
        elsewhere = binding.type == tokens.ROLE_BINDINGS[0] and helm.object_namespace(graph, binding) not in (WORKSPACES, Unknown.UNKNOWN)
        roles = _roles(graph, binding, named)
        rules = [rule for role in roles for rule in sequence(role.get("rules"))]
        if elsewhere or named in READERS or (roles and not any(map(_makes_pods, rules))):
            continue
        what = (
            "reaches workspaces"
            if roles or named in ("cluster-admin", "admin", "edit")
            else "is none of the stack's, so nobody sees what it opens"
        )
        verdict.wrong(binding, f"gives {', '.join(people)} the role {named}, which {what}; bind people to roles that read only")


def _roles(graph: Graph, binding: Node, named: Value) -> list[Node]:
    """The stack's roles that a binding may mean: of its kind and name, a Role in its own namespace."""
    of_namespace = at(binding.get("roleRef"), "kind") == "Role"
    places = (helm.object_namespace(graph, binding), Unknown.UNKNOWN)
    return [
        role
        for role in graph.all(tokens.KUBERNETES_ROLES[0 if of_namespace else 1])
        if role.get("metadata", "name") == named and (not of_namespace or helm.object_namespace(graph, role) in places)
    ]


def _access_policy(node: Node, settings: Props, verdict: Verdict) -> None:
    """EKS access for people: read only, or outside the workspaces' namespace."""
    arn = node.get("policyArn")
    if isinstance(arn, Unknown):
        verdict.undecided(node, "its access policy is unknown")
        return
    name = (text(arn) or "").rpartition("/")[2]
    scope = mapping(node.get("accessScope"))
    namespaces = [item for item in sequence(scope.get("namespaces")) if isinstance(item, str)]  # or patterns of them
    elsewhere = scope.get("type") == "namespace" and namespaces and not any(fnmatchcase(WORKSPACES, each) for each in namespaces)
    if name in OPENING_POLICIES and not elsewhere and not _excepted(node, settings):
        verdict.wrong(
            node, f"gives {node.get('principalArn')} {name}, which opens workspaces; use AmazonEKSViewPolicy, or name it under breakGlass"
        )


def _iam(node: Node, settings: Props, verdict: Verdict) -> None:
    """No session into a machine, whoever carries the policy: nodes hold workspaces' pods, and EC2 workspaces are machines themselves."""
    if _excepted(node, settings):
        return
    inner = [at(item, "policy") for item in sequence(node.get("inlinePolicies"))]
    for document in (
        node.get("policy"),
        node.get("inlinePolicy"),
        *inner,
    ):  # made from ARNs not known yet: the actions come with the update
        for statement in iam.statements(document):
            sessions = [action for action in SESSIONS if statement.allows(action)]
            if sessions:
                verdict.wrong(node, f"allows {', '.join(sessions)}: a session on a machine reads every workspace there; remove it")
    for arn in leaves([node.get(key) for key in ("policyArn", "managedPolicyArn", "managedPolicyArns", "policyArns")]):
        name = (text(arn) or "").rpartition("/")[2]
        if name in ("AdministratorAccess", "AmazonSSMFullAccess", "PowerUserAccess"):
            verdict.wrong(node, f"attaches {name}, which opens a session on every machine; attach what the role needs")


def _node_group(node: Node, settings: Props, verdict: Verdict) -> None:
    del settings
    if node.get("remoteAccess") is not None:
        verdict.wrong(node, "lets people log in to its nodes, and so to the workspaces there; remove remote_access")


def _machine(node: Node, settings: Props, verdict: Verdict) -> None:
    del settings
    if node.get("keyName") is not None:
        verdict.wrong(node, "has an SSH key: whoever holds it reads every workspace there; remove key_name")


def relations(stack: Stack, settings: Props, verdict: Verdict) -> None:
    """What coderd is told from elsewhere, and who is bound to what."""
    releases = helm.releases(stack.graph, helm.CODER)
    if not releases:
        verdict.wrong(None, "the stack has no release of the chart coder, so nothing restricts its administrators")
    for release in releases:
        verdict.saw(release)
        verdict.settle(release)
        _coderd(stack.graph, release, verdict)
    _bindings(stack.graph, settings, verdict)


PROPERTY = Property(
    number=9,
    slug="admin-access",
    title="Admin Access Restriction",
    description="No administrator opens another person's workspace, through Coder or round it.",
    severity=Severity.CRITICAL,
    tags=("access", "privacy"),
    remediation="Keep CODER_DISABLE_OWNER_WORKSPACE_ACCESS on and CODER_DANGEROUS_* off; give people no shell, no pods and no sessions.",
    url=f"{DOCUMENTATION}/security/index.md",
    relations=relations,
    resources={
        tokens.RELEASE: _release,
        tokens.ORGANIZATION: _organization,
        **dict.fromkeys(tokens.KUBERNETES_ROLES, _kubernetes_role),
        tokens.ACCESS_POLICY: _access_policy,
        **dict.fromkeys(tokens.POLICY_CARRIERS, _iam),
        tokens.NODE_GROUP: _node_group,
        tokens.LAUNCH_TEMPLATE: _machine,
        tokens.INSTANCE: _machine,
    },
    settings={
        "breakGlass": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Names of roles and bindings, and ARNs of principals, that may reach workspaces in an emergency.",
        }
    },
)
