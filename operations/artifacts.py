"""What a tag and a search mean today: digests of a registry, ids of machine images of EC2 (TPL-39). Only `templates resolve` asks."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from email.message import Message
from typing import Any, Protocol, cast

from composer.publications import MachineSearch
from operations.failure import ExitCode, Failure

_SECONDS = 20
_TYPES = ", ".join(
    [
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    ]
)
_HOSTS = {"docker.io": "registry-1.docker.io"}  # where Docker Hub serves its registry


class Artifacts(Protocol):
    """Whom to ask."""

    def digest(self, image: str) -> str:
        """The digest of an image by its tag."""
        ...

    def machine_image(self, search: MachineSearch, region: str) -> tuple[str, str]:
        """Id and name of the newest machine image that fits."""
        ...


class RealArtifacts:
    """Registries by their HTTP API, EC2 by the operator's credentials. Raises Failure with what does not answer, or has nothing."""

    def digest(self, image: str) -> str:
        """By a HEAD of the manifest; a registry that wants a token of nobody gets one."""
        host, _, rest = image.partition("/")
        repository, _, tag = rest.rpartition(":")
        scheme = "http" if host.startswith("127.0.0.1") else "https"
        url = f"{scheme}://{_HOSTS.get(host, host)}/v2/{repository}/manifests/{tag}"
        status, headers = _head(url, {})
        if status == 401:  # HTTP's unauthorized: the answer says where a token is to be had
            status, headers = _head(url, {"Authorization": f"Bearer {_token(headers.get('WWW-Authenticate', ''), image)}"})
        if status != 200 or not headers.get("Docker-Content-Digest"):
            raise Failure(ExitCode.REFUSED, f"{host} does not tell the digest of {image} (HTTP {status}); is it there, and public?")
        return str(headers["Docker-Content-Digest"])

    def machine_image(self, search: MachineSearch, region: str) -> tuple[str, str]:
        """By ec2:DescribeImages."""
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError

        filters = [{"Name": "name", "Values": [search.name]}, {"Name": "architecture", "Values": [search.architecture]}]
        try:
            client = cast("Any", boto3.client("ec2", region_name=region))  # pyright: ignore[reportUnknownMemberType] no stubs of this service
            answer = client.describe_images(Owners=[search.owner], Filters=[*filters, {"Name": "state", "Values": ["available"]}])
        except ClientError as error:
            raise Failure(ExitCode.REFUSED, f"EC2 in {region} refuses ec2:DescribeImages: {error}") from None
        except BotoCoreError as error:
            raise Failure(ExitCode.UNREACHABLE, f"EC2 in {region} does not answer: {error}") from None
        images = sorted(cast("list[dict[str, str]]", answer["Images"]), key=lambda image: (image["CreationDate"], image["ImageId"]))
        if not images:
            raise Failure(ExitCode.REFUSED, f"EC2 in {region} has no image {search.name} of {search.owner} for {search.architecture}")
        return images[-1]["ImageId"], images[-1]["Name"]


def _head(url: str, headers: Mapping[str, str]) -> tuple[int, Message]:
    request = urllib.request.Request(url, method="HEAD", headers={"Accept": _TYPES, **headers})  # noqa: S310 the schemes are above
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 as above
            return answer.status, answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.headers
    except (urllib.error.URLError, TimeoutError, OSError) as error:
        host = urllib.parse.urlsplit(url).netloc
        raise Failure(ExitCode.UNREACHABLE, f"{host} does not answer: {error}; run it where registries are reached") from None


def _token(challenge: str, image: str) -> str:
    """Of nobody, for reading: `Bearer realm="…",service="…",scope="…"`."""
    asked = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    realm = asked.pop("realm", "")
    if not realm.startswith(("https://", "http://127.0.0.1")):
        raise Failure(ExitCode.REFUSED, f"the registry of {image} wants a login; take an image that everybody may read")
    try:
        with urllib.request.urlopen(f"{realm}?{urllib.parse.urlencode(asked)}", timeout=_SECONDS) as answer:  # noqa: S310 the schemes are above
            told = cast("dict[str, str]", json.load(answer))
    except (urllib.error.URLError, TimeoutError, OSError, ValueError) as error:
        raise Failure(ExitCode.UNREACHABLE, f"{realm} gives no token for {image}: {error}") from None
    return told.get("token") or told.get("access_token", "")
