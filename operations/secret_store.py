"""AWS Secrets Manager, as far as commands need it. No value is ever in an error, a log line or an argument."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from operations.failure import ExitCode, Failure

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient


class SecretStore:
    """The secrets of one region; Failure where AWS does not answer or says no."""

    def __init__(self, region: str, client: SecretsManagerClient | None = None) -> None:
        self.region = region
        # Retries are boto3's own; an endpoint that does not answer is told within a minute
        config = Config(connect_timeout=5, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 3})
        # The overloads for services whose stubs are not installed are unknown to the type checker
        self._client = client or boto3.client("secretsmanager", region_name=region, config=config)  # pyright: ignore[reportUnknownMemberType]

    def exists(self, name: str) -> bool:
        """Whether there is a secret of that name that is not being deleted."""
        try:
            with self._told(name):
                return "DeletedDate" not in self._client.describe_secret(SecretId=name)
        except _NotFoundError:
            return False

    def read(self, name: str) -> str | None:
        """The current value; None where there is no secret, or none with a value yet."""
        try:
            with self._told(name):
                return self._client.get_secret_value(SecretId=name).get("SecretString")
        except _NotFoundError:
            return None

    def put(self, name: str, value: str) -> None:
        """Gives a secret that exists another value; Failure where it does not exist."""
        try:
            with self._told(name):
                self._client.put_secret_value(SecretId=name, SecretString=value)
        except _NotFoundError:
            raise Failure(ExitCode.MISSING, f"there is no secret {name} in {self.region}") from None

    @contextmanager
    def _told(self, name: str) -> Generator[None]:
        try:
            yield
        except NoCredentialsError:
            problem = f"there are no AWS credentials to use secret {name} with; sign in to the account (`aws sso login`, or AWS_PROFILE)"
            raise Failure(ExitCode.MISSING, problem) from None
        except ClientError as error:
            reason = error.response.get("Error", {})
            code = reason.get("Code", "an error")
            if code == "ResourceNotFoundException":
                raise _NotFoundError from None
            said = reason.get("Message", "").rstrip(".")
            raise Failure(ExitCode.REFUSED, f"AWS refuses secret {name} in {self.region}: {code}: {said}") from None
        except BotoCoreError as error:
            problem = f"AWS Secrets Manager in {self.region} does not answer ({type(error).__name__}); is the region reachable from here?"
            raise Failure(ExitCode.UNREACHABLE, problem) from None


class _NotFoundError(Exception):
    """No secret, or none with a value."""
