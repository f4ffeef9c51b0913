"""What checks ask: the stack, AWS, the network. A test puts something else in the place of each."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple, cast

import boto3
from botocore.config import Config

from plan import Plan
from settings.model import Settings

CONNECT_SECONDS, FETCH_SECONDS = 5, 10
LARGEST_DOCUMENT = 1_000_000  # bytes


class Answer(NamedTuple):
    """right: None where it could not be found out. sentence: see Finding."""

    right: bool | None
    sentence: str


class NoAnswerError(Exception):
    """What could not be asked, as a sentence."""


@cache
def aws_client(service: str, region: str) -> Any:  # noqa: ANN401 - boto3 has a class for each service, made as it runs
    """A client that gives up within seconds: a preflight is waited for."""
    config = Config(connect_timeout=CONNECT_SECONDS, read_timeout=FETCH_SECONDS, retries={"mode": "standard", "total_max_attempts": 2})
    return cast("Any", boto3).client(service, region_name=region, config=config)


def fetch(url: str) -> tuple[int, bytes]:
    """Status and body of an https URL; NoAnswerError where nobody answers."""
    if not url.startswith("https://"):
        raise NoAnswerError(f"{url} is not https")
    try:
        with urllib.request.urlopen(url, timeout=FETCH_SECONDS) as response:  # noqa: S310 - https only, see above
            return response.status, response.read(LARGEST_DOCUMENT)
    except urllib.error.HTTPError as error:
        return error.code, b""
    except OSError as error:
        raise NoAnswerError(f"{url} does not answer from here: {getattr(error, 'reason', error)}") from None


def connects(host: str, port: int) -> bool:
    """Whether a TCP connection stands within CONNECT_SECONDS."""
    try:
        with socket.create_connection((host, port), timeout=CONNECT_SECONDS):
            return True
    except OSError:
        return False


def own_address(towards: str) -> str:
    """The address that this machine would send from, to an IPv4 address; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((towards, 443))
        except OSError as error:
            raise NoAnswerError(f"this machine has no way to {towards}: {error}") from None
        return str(probe.getsockname()[0])


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """stack: its name. client: of an AWS service in a region."""

    stack: str
    settings: Settings
    plan: Plan
    client: Callable[[str, str], Any] = field(default=aws_client)
    fetch: Callable[[str], tuple[int, bytes]] = field(default=fetch)
    connects: Callable[[str, int], bool] = field(default=connects)
    own_address: Callable[[str], str] = field(default=own_address)
