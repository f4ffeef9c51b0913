"""What a text says about where something runs: the words that make a toolchain less portable (Property 13, TPL-07)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_network

_BEFORE, _AFTER = r"(?<![\w.-])", r"(?![\w-])"

# Written anywhere, prose as well, these are of one account and no example.
_CONCRETE = {
    "id of AWS": rf"{_BEFORE}(ami|subnet|sg|vpc|eni|vol|igw|nat|rtb|acl|vpce|eipalloc|lt|snap)-([0-9a-f]{{8}}|[0-9a-f]{{17}}){_AFTER}",
    "ECR registry": rf"{_BEFORE}\d{{12}}\.dkr\.ecr(-fips)?\.[a-z0-9-]+\.amazonaws\.com",
    "ARN": rf"{_BEFORE}arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(\d{{12}})?:[^\s\"'`]+",
}
_INTERPOLATED = rf"{_BEFORE}(ami|subnet|sg|vpc|vpce)-\$\{{"  # an id that is put together
_DIRECTIONS = r"(north|south|east|west|central|northeast|northwest|southeast|southwest)"
_REGION = rf"(us|eu|ap|ca|sa|me|af|il|mx|cn)(-gov|-iso[a-z]?)?-{_DIRECTIONS}-\d[a-z]?"
_MACHINE = r"[a-z]{1,3}\d{1,2}[a-z-]*\.(nano|micro|small|medium|large|\d{0,3}xlarge|metal(-\d+xl)?)"
_ACCOUNT = r"\d{12}"
_ADDRESS = r"\d{1,3}(\.\d{1,3}){3}/\d{1,2}"
_ADDRESS_6 = r"[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){2,7}/\d{1,3}"
_METADATA = r"169\.254\.169\.254|169\.254\.170\.(2|23)|fd00:ec2::\d+|metadata\.google\.internal|instance-data(\.ec2\.internal)?"
_HOST = re.compile(r"(?:https?|wss?|tcp|postgres(?:ql)?)://(?:[^/\s@\"']*@)?([A-Za-z0-9.-]+)", re.IGNORECASE)
_ENDPOINT = re.compile(
    r"(^|\.)(amazonaws\.com(\.cn)?|aws\.dev|compute\.internal|ec2\.internal|svc|cluster\.local|windows\.net|googleapis\.com|azurecr\.io)$"
)
_PUBLISHERS = {"awscli.amazonaws.com", "storage.googleapis.com", "dl.k8s.io"}  # hosts that serve downloads to everybody
_PLURALS = ("ids", "id", "names", "name")
_KEYS = {
    *("nodeselector", "node", "nodeaffinity", "podaffinity", "podantiaffinity", "affinity", "toleration", "tolerations"),
    *(
        "topologyspreadconstraints",
        "storageclass",
        "namespace",
        "subnet",
        "subnets",
        "securitygroup",
        "securitygroups",
        "vpc",
        "vpcsecuritygroup",
    ),
    *("ami", "amis", "instancetype", "instancetypes", "availabilityzone", "availabilityzones", "region", "awsregion", "awsdefaultregion"),
    *("hostnetwork", "hostpath", "iamrole", "iaminstanceprofile", "instanceprofile", "keypair"),
}
_WHOLE = {"node"}  # too common a word to be more than `nodeName`
_MANIFEST_LINE = re.compile(r"^\s*(?:-\s*)?[\"']?([A-Za-z_]+)[\"']?\s*:\s*(?:[^\s]+\s*)?$")  # a key with one word or none: no sentence
_PROVIDERS = r"(aws|awscc|kubernetes|helm|kubectl|azurerm|azuread|google|alicloud|oci|vsphere|openstack|docker|nomad|digitalocean|hcloud)"
_REFERENCE = re.compile(rf"{_BEFORE}(data\.)?{_PROVIDERS}_[a-z0-9_]+\.[a-z_]")
_RESOURCE_LINE = re.compile(rf"^\s*(resource|data)\s+\"({_PROVIDERS}_\w+)\"")


def concrete(text: str) -> Iterator[str]:
    """What is found in a line of whatever kind: ids and ARNs."""
    for what, pattern in _CONCRETE.items():
        for match in re.finditer(pattern, text):
            yield f"{match[0]} is an {what}"


def in_value(text: str) -> Iterator[str]:
    """What is found in a value: the above are not repeated. A value with blanks is a sentence, in which a region is a word."""
    if match := re.search(_INTERPOLATED, text):
        yield f"{match[0]}…}} is an id of AWS that is put together"
    if match := re.search(rf"(?<![\w.:])({_METADATA})(?![\w.])", text):
        yield f"{match[0]} is an address of instance metadata"
    for match in re.finditer(_HOST, text):
        if _is_endpoint(match[1].lower()):
            yield f"{match[1]} is an endpoint of a cloud"
    for match in re.finditer(rf"(?<![\w.:])({_ADDRESS}|{_ADDRESS_6})(?![\w./])", text):
        if _is_network(match[0]):
            yield f"{match[0]} is a range of addresses"
    if match := re.search(_REFERENCE, text):
        yield f"{match[0][:-2]} is a resource of a cloud"
    if not re.search(r"\s", text.strip()):
        yield from _in_word(text.strip())


def in_comment(text: str) -> Iterator[str]:
    """What is found in a comment: each of its words is judged as a value, so that a region that nobody means is one all the same."""
    for word in text.split():
        yield from in_value(word.strip(".,;:!?`"))


def in_key(name: str) -> Iterator[str]:
    """What the name of a setting says: `nodeSelector`, `subnet_id`, `SUBNET_IDS`."""
    plain = re.sub(r"[^a-z]", "", name.lower())
    stems = {plain, *(plain.removesuffix(ending) for ending in _PLURALS if plain.endswith(ending))}
    if stems & _KEYS and plain not in _WHOLE:
        yield f"{name} is a setting of an infrastructure"


def in_manifest_line(line: str) -> Iterator[str]:
    """What a line of an embedded Kubernetes or Terraform file says."""
    if match := _MANIFEST_LINE.match(line):
        yield from in_key(match[1])
    if match := _RESOURCE_LINE.match(line):
        yield f"{match[2]} is a resource of a cloud"


def _in_word(word: str) -> Iterator[str]:
    for part in re.split(r"[=,;|/:@\"'(){}\[\]<>]+", word):
        if re.fullmatch(_REGION, part):
            yield f"{part} is a region or a zone"
        elif re.fullmatch(_MACHINE, part):
            yield f"{part} is an instance type"
        elif re.fullmatch(_ACCOUNT, part):
            yield f"{part} looks like an account id"
    if match := re.match(r"--(namespace|region|node-selector|subnet-ids?|security-group-ids?|image-id|instance-type)(=|$)", word):
        yield f"--{match[1]} is a setting of an infrastructure"


def _is_endpoint(host: str) -> bool:
    return _ENDPOINT.search(host.rstrip(".")) is not None and host.rstrip(".") not in _PUBLISHERS


def _is_network(text: str) -> bool:
    try:
        return not ip_network(text, strict=False).is_loopback
    except ValueError:
        return False
