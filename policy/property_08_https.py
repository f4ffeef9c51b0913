"""**Feature: coder-deployment-guide, Property 8: HTTPS Enforcement**

Whatever the internet can reach speaks TLS 1.2 or newer with ECDHE and GCM and shows a certificate: load balancers made here or by a
Service, CloudFront, the Kubernetes API (requirements 12.7, 12.8, POL-08, POL-22, CDR-21).
"""

from __future__ import annotations

from pulumi_policy import Severity

from policy import helm, https_kubernetes, tokens
from policy.crossguard import DOCUMENTATION, Property
from policy.graph import Graph, Node
from policy.ingress import of_everybody, open_ranges
from policy.stack import Stack
from policy.tls_policies import fault_of
from policy.values import Props, Unknown, at, integer, sequence, text
from policy.verdict import Verdict

HTTPS, HTTP, STUN = 443, 80, 3478
ENCRYPTED = ("TLS", "HTTPS")
STRICT_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
# CloudFront's viewer policies of TLS 1.2 and newer (Amazon CloudFront Developer Guide, "Supported protocols and ciphers", read 2026-11-21)
VIEWER_VERSIONS = frozenset({"TLSv1.2_2018", "TLSv1.2_2019", "TLSv1.2_2021"})


def _listener(node: Node, settings: Props, verdict: Verdict) -> None:
    """A listener that ends TLS: its security policy and its certificate."""
    del settings
    protocol, policy = node.get("protocol"), node.get("sslPolicy")
    if protocol not in ENCRYPTED:
        return  # whether it may be plain depends on who reaches its load balancer
    if isinstance(policy, Unknown):
        verdict.undecided(node, "its security policy is unknown")
    elif (fault := fault_of(text(policy))) is not None:
        verdict.wrong(node, f"{fault}; use {STRICT_POLICY} or stricter (coder.tls_policy)")
    if node.get("certificateArn") in (None, ""):
        verdict.wrong(node, "has no certificate; set certificate_arn to the issued one")


def _security_group(node: Node, settings: Props, verdict: Verdict) -> None:
    """Nothing but HTTPS is open to everybody (POL-22)."""
    allowed = {("tcp", HTTPS), ("tcp", HTTP)}
    if settings.get("stun") is True:
        allowed.add(("udp", STUN))
    for opened in open_ranges(node):
        if isinstance(opened.sources, Unknown):
            verdict.undecided(node, "who may reach it is unknown")
        elif any(map(of_everybody, opened.sources)) and (
            opened.first is None or opened.first != opened.last or (opened.protocol, opened.first) not in allowed
        ):
            verdict.wrong(node, f"lets everybody reach {opened}; open nothing but {HTTPS} to 0.0.0.0/0")


def _kubernetes_api(node: Node, settings: Props, verdict: Verdict) -> None:
    """The API of the cluster is private, or open to named ranges only (EKS-03)."""
    if settings.get("publicApi") is True:
        return
    public, ranges = (node.get("vpcConfig", key) for key in ("endpointPublicAccess", "publicAccessCidrs"))
    if isinstance(public, Unknown):
        verdict.undecided(node, "whether its API is public is unknown")
    elif public is not False:  # AWS's default is public
        if isinstance(ranges, Unknown):
            verdict.undecided(node, "who may reach its API is unknown")
        elif not sequence(ranges) or any(isinstance(item, str) and of_everybody(item) for item in sequence(ranges)):
            verdict.wrong(node, "shows the Kubernetes API to everybody; set cluster.api_access to private or to a list of ranges")


def _distribution(node: Node, settings: Props, verdict: Verdict) -> None:
    """A CloudFront distribution redirects to HTTPS and admits no old TLS."""
    del settings
    if at(node.get("viewerCertificate"), "minimumProtocolVersion") not in VIEWER_VERSIONS:
        verdict.wrong(node, "admits viewers below TLS 1.2; set minimum_protocol_version to TLSv1.2_2021")
    for behaviour in (node.get("defaultCacheBehavior"), *sequence(node.get("orderedCacheBehaviors"))):
        if at(behaviour, "viewerProtocolPolicy") not in ("redirect-to-https", "https-only"):
            verdict.wrong(node, "answers plain HTTP; set viewer_protocol_policy to redirect-to-https")


def _classic(node: Node, settings: Props, verdict: Verdict) -> None:
    del settings
    verdict.wrong(node, "is a classic load balancer, whose TLS no policy reads; use a network load balancer")


def relations(stack: Stack, settings: Props, verdict: Verdict) -> None:
    """Judge what needs the graph: which load balancers face the internet, and what stands in front of them."""
    graph = stack.graph
    facing = [balancer for balancer in graph.all(*tokens.LOAD_BALANCERS) if balancer.get("internal") is not True]
    for listener in graph.all(*tokens.LISTENERS):
        target = graph.targets(listener, "loadBalancerArn", *tokens.LOAD_BALANCERS)
        if target.undecided:
            verdict.undecided(listener, "its load balancer is unknown")
            continue
        verdict.saw(listener)
        if target.only is None:
            verdict.wrong(listener, "belongs to no load balancer of this stack; set load_balancer_arn to coderd's")
        elif target.only in facing:
            _external(graph, listener, settings, verdict)
    for balancer in facing:
        verdict.saw(balancer)
        _encrypted(graph, balancer, verdict)
        _guarded(graph, balancer, verdict)
    _open_to_everybody(graph, facing, verdict)
    _coderd(stack, verdict)


def _external(graph: Graph, listener: Node, settings: Props, verdict: Verdict) -> None:
    """A listener that the internet reaches: TLS with a certificate of this stack, or one of the two exceptions."""
    protocol, port = listener.get("protocol"), integer(listener.get("port"))
    if isinstance(protocol, Unknown):
        verdict.undecided(listener, "its protocol is unknown")
    elif protocol in ENCRYPTED:
        certificate = graph.targets(listener, "certificateArn", tokens.CERTIFICATE_VALIDATION, tokens.CERTIFICATE)
        if certificate.undecided:
            verdict.undecided(listener, "its certificate is unknown")
        elif certificate.foreign and not all(value.startswith("arn:") for value in certificate.foreign):
            verdict.wrong(listener, "takes something that is no certificate as certificate_arn; use the issued certificate's ARN")
    elif not _redirects(listener) and not (settings.get("stun") is True and (protocol, port) == ("UDP", STUN)):
        verdict.wrong(listener, f"answers the internet with {protocol or 'HTTP'} on {port}; use TLS on {HTTPS}")


def _redirects(listener: Node) -> bool:
    """Whether a listener on port 80 does nothing but send clients to HTTPS."""
    actions = sequence(listener.get("defaultActions"))
    return (
        listener.get("protocol") == "HTTP"
        and integer(listener.get("port")) == HTTP
        and bool(actions)
        and all(at(action, "type") == "redirect" and at(action, "redirect", "protocol") == "HTTPS" for action in actions)
    )


def _encrypted(graph: Graph, balancer: Node, verdict: Verdict) -> None:
    """A load balancer that faces the internet has a TLS listener: without one, whatever answers there is not ours."""
    listeners = graph.pointing(balancer, "loadBalancerArn", *tokens.LISTENERS)
    undecided = any(graph.targets(node, "loadBalancerArn", balancer.type).undecided for node in graph.all(*tokens.LISTENERS))
    spoken = [listener.get("protocol") for listener in listeners]
    if not undecided and not any(protocol in ENCRYPTED or isinstance(protocol, Unknown) for protocol in spoken):
        verdict.wrong(balancer, f"faces the internet without a TLS listener; give it one on {HTTPS}")


def _guarded(graph: Graph, balancer: Node, verdict: Verdict) -> None:
    """A load balancer that faces the internet has security groups of this stack: without any it lets everything in."""
    groups = graph.targets(balancer, "securityGroups", tokens.SECURITY_GROUP)
    if groups.undecided:
        verdict.undecided(balancer, "its security groups are unknown")
    elif not groups.nodes or groups.foreign:
        verdict.wrong(balancer, "has no security group of this stack, or one that is not; give it its own (NET-28)")
    verdict.saw(*groups.nodes)


def _open_to_everybody(graph: Graph, facing: list[Node], verdict: Verdict) -> None:
    """Only the security groups of these load balancers are open to everybody at all."""
    taken = [graph.targets(balancer, "securityGroups", tokens.SECURITY_GROUP) for balancer in facing]
    if any(groups.undecided for groups in taken):
        return  # told of the load balancer: any group may be its own
    guards = {urn for groups in taken for urn in groups.urns}
    for rule in graph.all(tokens.SECURITY_GROUP, tokens.DEFAULT_SECURITY_GROUP, tokens.SECURITY_GROUP_RULE, tokens.INGRESS_RULE):
        if not any(
            of_everybody(source) for opened in open_ranges(rule) if not isinstance(opened.sources, Unknown) for source in opened.sources
        ):
            continue
        verdict.saw(rule)
        if rule.type in (tokens.SECURITY_GROUP, tokens.DEFAULT_SECURITY_GROUP):
            if rule.urn not in guards:
                verdict.wrong(rule, "is open to everybody and is not the load balancer's; take the rule away")
            continue
        target = graph.targets(rule, "securityGroupId", tokens.SECURITY_GROUP)
        if target.undecided:
            verdict.undecided(rule, "the security group that it opens is unknown")
        elif target.only is None or target.only.urn not in guards:
            name = target.only.name if target.only else "a security group that is not in the stack"
            verdict.wrong(rule, f"opens {name} to everybody; only the load balancer's may be open")


def _coderd(stack: Stack, verdict: Verdict) -> None:
    """coderd tells its users https, and browsers to send the session cookie over nothing else."""
    facts = stack.facts
    if facts is not None and facts.access_url is not None and not facts.access_url.startswith("https://"):
        verdict.wrong(facts.node, f"declares the access URL {facts.access_url}; it must begin with https://")
    for release in helm.releases(stack.graph, helm.CODER):
        verdict.saw(release)
        url = helm.effective(stack.graph, release, "CODER_ACCESS_URL")
        cookie = helm.effective(stack.graph, release, "CODER_SECURE_AUTH_COOKIE")
        if isinstance(url.value, Unknown):
            verdict.undecided(release, "CODER_ACCESS_URL is unknown")
        elif not (url.value or "").lower().startswith("https://"):
            verdict.wrong(release, f"has CODER_ACCESS_URL {url.value or 'not set'}; it must begin with https://")
        if isinstance(cookie.value, Unknown):
            verdict.undecided(release, "CODER_SECURE_AUTH_COOKIE is unknown")
        elif cookie.value != "true":
            shown = "not set" if cookie.spelt is None else repr(cookie.spelt)
            verdict.wrong(release, f'has CODER_SECURE_AUTH_COOKIE {shown}; set it to the text "true"')


def _kubernetes(node: Node, settings: Props, verdict: Verdict) -> None:
    del settings
    https_kubernetes.judge(node, verdict)


PROPERTY = Property(
    number=8,
    slug="https",
    title="HTTPS Enforcement",
    description="Whatever the internet can reach speaks TLS 1.2 or newer and shows a certificate.",
    severity=Severity.CRITICAL,
    tags=("network", "encryption"),
    remediation="End TLS at the load balancer with the policy of coder.tls_policy and the issued certificate; open nothing else.",
    url=f"{DOCUMENTATION}/security/index.md",
    relations=relations,
    resources={
        **dict.fromkeys(tokens.LISTENERS, _listener),
        **dict.fromkeys(tokens.CLASSIC_LOAD_BALANCERS, _classic),
        tokens.SECURITY_GROUP: _security_group,
        tokens.DEFAULT_SECURITY_GROUP: _security_group,
        tokens.SECURITY_GROUP_RULE: _security_group,
        tokens.INGRESS_RULE: _security_group,
        tokens.EKS_CLUSTER: _kubernetes_api,
        tokens.DISTRIBUTION: _distribution,
        tokens.SERVICE: _kubernetes,
        tokens.RELEASE: _kubernetes,
        tokens.INGRESS: _kubernetes,
        **dict.fromkeys(tokens.GATEWAYS, _kubernetes),
    },
    settings={
        "stun": {"type": "boolean", "default": False, "description": "Whether UDP 3478 is open for a STUN server in the VPC (T-20)."},
        "publicApi": {"type": "boolean", "default": False, "description": "Whether the Kubernetes API may be open to everybody."},
    },
)
