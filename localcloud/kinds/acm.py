"""ACM: certificates and their validation.

Source: Terraform's AWS provider, internal/service/acm/*.go at d5102ec2 (5.32, 2023-12-18); validation records: ACM user guide,
"DNS validation": a wildcard and its parent name share one CNAME, which is the same for every certificate of an account.
"""

from __future__ import annotations

import hashlib
from typing import Final

from localcloud.kinds.forms import constant, given, now
from localcloud.kinds.model import ACCOUNT, Kind, Reference, Request, Resource, Value, World

CERTIFICATE: Final = "aws:acm/certificate:Certificate"
CERTIFICATE_VALIDATION: Final = "aws:acm/certificateValidation:CertificateValidation"
_RECORD: Final = "aws:route53/record:Record"


def _token(kind: str, domain: str, length: int) -> str:
    return hashlib.sha256(f"{ACCOUNT} {kind} {domain}".encode()).hexdigest()[:length]


def _names(request: Request) -> list[str]:
    """The certificate's names, the first one first, none twice."""
    return list(dict.fromkeys([request.text("domainName") or "", *request.texts("subjectAlternativeNames[*]")]))


def _options(request: Request) -> Value:
    """The record that proves each name; none where another way of validation was chosen."""
    if request.text("validationMethod") != "DNS":
        return []
    return [
        {
            "domainName": name,
            "resourceRecordName": f"_{_token('name', base, 32)}.{base}.",
            "resourceRecordType": "CNAME",
            "resourceRecordValue": f"_{_token('value', base, 32)}.{_token('zone', base, 10)}.acm-validations.aws.",
        }
        for name in _names(request)
        for base in [name.removeprefix("*.")]
    ]


def unproven(certificate: Resource, world: World) -> list[str]:
    """The validation records that are missing in Route 53; none: the certificate is issued."""
    found = {(each.text("fqdn").rstrip("."), value.rstrip(".")) for each in world.everywhere(_RECORD) for value in each.texts("records[*]")}
    names, values = (
        certificate.texts("domainValidationOptions[*].resourceRecordName"),
        certificate.texts("domainValidationOptions[*].resourceRecordValue"),
    )
    asked = {(name.rstrip("."), value.rstrip(".")) for name, value in zip(names, values, strict=True)}
    return sorted(name for name, _ in asked - found)


def _issued(_request: Request) -> str:
    """The id of a validation is the moment when the certificate was issued."""
    return now().replace("T", " ").replace("Z", " +0000 UTC")


KINDS: Final = (
    Kind(
        token=CERTIFICATE,
        id="arn:{partition}:acm:{region}:{account}:certificate/{uuid}",
        arn="{id}",
        references={},
        force_new=(
            "certificateAuthorityArn",
            "domainName",
            "keyAlgorithm",
            "subjectAlternativeNames",
            "validationMethod",
            "validationOptions",
        ),
        outputs={
            "domainValidationOptions": _options,
            "subjectAlternativeNames": given("subjectAlternativeNames", lambda request: [*_names(request)]),
            "keyAlgorithm": constant("keyAlgorithm", "RSA_2048"),
            "options": constant("options", {"certificateTransparencyLoggingPreference": "ENABLED", "export": "DISABLED"}),
            "validationMethod": constant("validationMethod", "NONE"),
            "status": "PENDING_VALIDATION",
            "type": "AMAZON_ISSUED",
            "renewalEligibility": "INELIGIBLE",
        },
        never_read=("privateKey", "privateKeyWo"),
        secrets=("privateKey",),
    ),
    Kind(
        token=CERTIFICATE_VALIDATION,
        id=_issued,
        no_arn=True,
        references={"certificateArn": Reference(tokens=(CERTIFICATE,), missing="ResourceNotFoundException", attribute="arn", blocks=None)},
        force_new=("certificateArn", "validationRecordFqdns"),
        taggable=False,
    ),
)
