"""The roots that coderd checks the database with."""

from __future__ import annotations

import hashlib
import re
import subprocess
from pathlib import Path

import pytest

from components import database_role
from components.postgresql import SERVER_CERTIFICATE

FOLDER = Path(database_role.__file__).parent / "rds_certificates"
REGIONS = sorted(path.stem for path in FOLDER.glob("*.pem"))
ROOTS = re.compile(r"-----BEGIN CERTIFICATE-----\n.+?\n-----END CERTIFICATE-----\n", re.DOTALL)


def openssl(*arguments: str, pem: str) -> str:
    return subprocess.run(["openssl", *arguments], input=pem, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("region", REGIONS)
def test_each_root_is_a_ca_of_rds_in_its_region_that_signs_itself_and_is_valid_for_a_year(region: str, tmp_path: Path):
    """DB-07."""
    roots = ROOTS.findall(database_role.server_roots(region))
    for root in roots:
        names = openssl("x509", "-noout", "-subject", "-issuer", "-nameopt", "RFC2253", pem=root).splitlines()
        subject, issuer = (name.partition("=")[2].strip() for name in names)
        assert subject == issuer
        assert f"CN=Amazon RDS {region} Root CA" in subject
        assert "O=Amazon Web Services\\, Inc." in subject
        assert "CA:TRUE" in openssl("x509", "-noout", "-text", pem=root)
        openssl("x509", "-noout", "-checkend", str(365 * 24 * 3600), pem=root)  # fails when it expires within the seconds
        file = tmp_path / "root.pem"
        file.write_text(root)
        assert openssl("verify", "-CAfile", str(file), str(file), pem="").strip().endswith("OK")
    assert "".join(roots) == database_role.server_roots(region)  # and nothing else stands in the file


@pytest.mark.parametrize("region", REGIONS)
def test_each_region_has_every_root_that_a_server_may_show(region: str):
    """DB-07: rsa2048 is what the instances are given; the others are for a change."""
    kinds = [
        re.search(r"Root CA (\w+) G1", openssl("x509", "-noout", "-subject", pem=root))
        for root in ROOTS.findall(database_role.server_roots(region))
    ]
    found = [kind[1].lower() for kind in kinds if kind]
    assert found == ["ecc384", "rsa2048", "rsa4096"]
    assert SERVER_CERTIFICATE.split("-")[2] in found


def test_the_files_are_those_of_the_readme():
    table = dict(re.findall(r"\| ([\w-]+)\.pem \| `([0-9a-f]{64})` \|", (FOLDER / "README.md").read_text()))
    assert table == {region: hashlib.sha256((FOLDER / f"{region}.pem").read_bytes()).hexdigest() for region in REGIONS}
    assert {"us-east-1", "us-east-2", "us-west-2", "eu-west-1", "eu-west-2"} <= set(REGIONS)


def test_a_region_without_roots_is_an_error_that_says_where_to_add_them():
    sentence = r"^coder-eks:regions\.ap-south-1: no RDS roots are kept for ap-south-1; write one of .*us-east-1.*README\.md says$"
    with pytest.raises(database_role.NoRootsError, match=sentence):
        database_role.server_roots("ap-south-1")
