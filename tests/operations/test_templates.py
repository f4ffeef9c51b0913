"""`coder-eks templates …`, on a catalogue in a real Git repository."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from composer.catalog import load_catalog
from composer.publications import MachineSearch
from operations import templates_runs
from operations.artifacts import RealArtifacts
from operations.catalog_git import repository
from operations.command import main
from operations.failure import ExitCode, Failure
from operations.resolving import resolve, text
from settings.load import load_file
from settings.templates import Channel

ROOT = Path(__file__).parents[2]
SWDEV = "toolchains/swdev/toolchain.yaml"
SCRIPT = "toolchains/swdev/bootstrap/install.sh"
DIGEST = "sha256:" + "12" * 32


class Project:
    """A folder with a stack file and a catalogue of pod-swdev, committed and tagged."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.catalog = folder, folder / "catalog"
        shutil.copy(ROOT / "Pulumi.prod.yaml", folder)
        for part in ("contract", "toolchains/swdev", "bases/k8s", "policy"):
            shutil.copytree(ROOT / "catalog" / part, self.catalog / part)
        (self.catalog / "compositions").mkdir()
        for file in ("registries.yaml", "compositions/pod-swdev.yaml"):
            shutil.copy(ROOT / "catalog" / file, self.catalog / file)
        images = yaml.safe_load((ROOT / "catalog/images.yaml").read_text())
        (self.catalog / "images.yaml").write_text(yaml.safe_dump({"enterprise-base": images["enterprise-base"]}, sort_keys=False))
        stack = folder / "Pulumi.prod.yaml"
        stack.write_text(re.sub(r"(?m)^    published:\n(      .*\n)+", PUBLISHED, stack.read_text()))
        self.git("init", "-q", "-b", "main")
        self.commit("first")
        self.git("tag", "swdev-toolchain/v1.2.0")
        self.git("tag", "base-k8s/v3.1.0")

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false")
        return subprocess.run(["git", *identity, *arguments], cwd=self.folder, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, message: str) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.catalog / file
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new, 1))

    def run(self, *arguments: str) -> int:
        return main(["templates", *arguments, "--project", str(self.folder), "--catalog", str(self.catalog)])


PUBLISHED = """    published:
      pod-swdev: { groups: [developers], sizes: [sw-dev-small, sw-dev-medium, sw-dev-large, platform] }
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.delenv("PULUMI_STACK", raising=False)
    return Project(tmp_path)


def test_list_and_show_say_what_there_is(project: Project, capsys: pytest.CaptureFixture[str]):
    assert project.run("list") == 0
    listed = capsys.readouterr().out
    assert re.search(
        r"pod-swdev\s+swdev-toolchain@1\.2\.0\s+base-k8s@3\.1\.0\s+stable\s+1\.2\.0-3\.1\.0-[0-9a-f]{12}\s+sw-dev-small", listed
    )
    assert "\x1b" not in listed
    assert project.run("show", "pod-swdev", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["metadata"]["toolchain"] == "swdev-toolchain@1.2.0"
    assert shown["archive_bytes"] < 1024 * 1024
    assert project.run("show", "pod-swdevs") == ExitCode.USAGE
    assert "did you mean pod-swdev?" in capsys.readouterr().err


def test_what_is_written_verifies_and_what_is_changed_does_not(project: Project, capsys: pytest.CaptureFixture[str]):
    """Property 15: from the folder, and from the archive that coderd keeps."""
    archive = project.folder / "template.tar"
    assert project.run("compose", "pod-swdev", "--output", str(project.folder / "out"), "--archive", str(archive)) == 0
    (folder,) = (project.folder / "out").iterdir()
    for path in (folder, archive):
        assert project.run("verify", str(path)) == 0
    (folder / "base/main.tf").write_text((folder / "base/main.tf").read_text().replace('"Recreate"', '"RollingUpdate"'))
    capsys.readouterr()
    assert project.run("verify", str(folder)) == ExitCode.BLOCKED
    assert "Property 15: base/main.tf is not what provenance.json lists; it was changed" in capsys.readouterr().err
    assert project.run("verify", str(project.folder / "nowhere")) == ExitCode.MISSING


def test_the_gate_is_open_for_what_is_right(project: Project, capsys: pytest.CaptureFixture[str]):
    """CIC-03."""
    assert project.run("check") == 0
    assert "1 compositions, 2 modules, 1 stack files: nothing is wrong" in capsys.readouterr().out


def test_the_gate_stops_a_change_without_a_version(project: Project, capsys: pytest.CaptureFixture[str]):
    """Property 17: a tag is what it was."""
    project.edit(SCRIPT, "# shellcheck shell=bash\n", "# shellcheck shell=bash\n# changed\n")
    assert project.run("check") == ExitCode.BLOCKED
    assert "swdev-toolchain 1.2.0 is not what its tag has; a released version never changes: write version 1.2.1" in capsys.readouterr().err
    assert project.run("bump", "swdev-toolchain", "--write") == 0
    assert "swdev-toolchain 1.2.0 -> 1.2.1 (patch)" in capsys.readouterr().out
    assert "version: 1.2.1\n" in (project.catalog / SWDEV).read_text()
    project.edit("compositions/pod-swdev.yaml", "version: 1.2.0", "version: 1.2.1")
    assert project.run("check") == 0


def test_the_gate_stops_a_wrong_version(project: Project, capsys: pytest.CaptureFixture[str]):
    project.edit(SWDEV, "version: 1.2.0", "version: 1.2.1")
    project.edit(SWDEV, "    - { name: gh,", "    - { name: jq, version: 1.7.1 }\n    - { name: gh,")
    project.edit("compositions/pod-swdev.yaml", "version: 1.2.0", "version: 1.2.1")
    assert project.run("check") == ExitCode.BLOCKED
    assert "swdev-toolchain 1.2.1 follows 1.2.0 with a minor change (jq is new); write version 1.3.0" in capsys.readouterr().err
    assert project.run("bump", "swdev-toolchain") == ExitCode.BLOCKED


CONTRACT = "contract/1.0.yaml"


def test_the_gate_stops_a_contract_that_breaks_what_was_released(project: Project, capsys: pytest.CaptureFixture[str]):
    """Property 17, TPL-16: its own tag is what it was; bump says which version follows."""
    project.git("tag", "contract/v1.0")
    project.edit(CONTRACT, "  owner: string\n", "")
    assert project.run("check") == ExitCode.BLOCKED
    told = "contract 1.0 follows 1.0 with changes that break (input owner is gone); write version 2.0 (tag contract/v1.0 has the other)"
    assert told in capsys.readouterr().err
    assert project.run("bump", "contract") == ExitCode.BLOCKED
    said = capsys.readouterr()
    assert "contract 1.0 -> 2.0 (major)" in said.out
    assert "git tag -a contract/v2.0" in said.out
    assert said.err == "contract has version 1.0; write 2.0\n"
    assert project.run("bump", "contract", "--write") == ExitCode.USAGE
    assert "a file of its own, contract/2.0.yaml, and leave that of 1.0 as it was" in capsys.readouterr().err


def test_a_second_contract_follows_the_first(project: Project, capsys: pytest.CaptureFixture[str]):
    """It stands beside it, and is another major exactly where it breaks."""
    project.git("tag", "contract/v1.0")
    second = project.catalog / "contract/2.0.yaml"
    second.write_text((project.catalog / CONTRACT).read_text().replace('version: "1.0"', 'version: "2.0"'))
    assert project.run("check") == ExitCode.BLOCKED
    assert "contract 2.0 follows 1.0 with no change that breaks; write version 1.0" in capsys.readouterr().err
    second.write_text(second.read_text().replace("  owner: string\n", ""))
    assert project.run("check") == 0
    assert "contract/v2.0" in capsys.readouterr().out


def test_what_a_contract_gained_stays_once_a_module_was_released_beside_it(project: Project, capsys: pytest.CaptureFixture[str]):
    """A capability more needs no version, and whoever was released since may ask for it."""
    project.git("tag", "contract/v1.0")
    project.edit(CONTRACT, "  gui-rdp: { kind: flag }", "  gui-rdp: { kind: flag }\n  more: { kind: flag }")
    project.edit("bases/k8s/base.yaml", "\ncapabilities:\n", "\ncapabilities:\n  more: false\n")
    project.edit("bases/k8s/base.yaml", "version: 3.1.0", "version: 3.1.1")
    project.edit("compositions/pod-swdev.yaml", "version: 3.1.0", "version: 3.1.1")
    assert project.run("check") == 0
    project.commit("more")
    project.git("tag", "base-k8s/v3.1.1")
    project.edit(CONTRACT, "  more: { kind: flag }\n", "")
    capsys.readouterr()
    assert project.run("check") == ExitCode.BLOCKED
    assert "capability more is gone); write version 2.0 (tag base-k8s/v3.1.1 has the other)" in capsys.readouterr().err


def test_the_gate_and_bump_tell_the_tags_to_make(project: Project, capsys: pytest.CaptureFixture[str]):
    """TPL-19, TPL-26: nothing is released without its tag, and until then a channel takes what is pinned."""
    assert project.run("check", "--json") == 0
    assert json.loads(capsys.readouterr().out)["untagged"] == ["contract/v1.0"]
    project.git("tag", "-d", "swdev-toolchain/v1.2.0")
    assert project.run("check") == 0
    said = capsys.readouterr().out
    assert "not released, so that channels take what is pinned: contract/v1.0, swdev-toolchain/v1.2.0" in said
    assert "git tag -a TAG -m TAG && git push origin TAG && coder-eks templates resolve --tags-only" in said
    assert project.run("bump", "swdev-toolchain") == ExitCode.MISSING
    assert "its first release is swdev-toolchain/v1.2.0, made with `git tag -a swdev-toolchain/v1.2.0`" in capsys.readouterr().err


def test_a_tag_that_was_moved_is_found_by_the_lock_file(project: Project, capsys: pytest.CaptureFixture[str]):
    assert project.run("resolve", "--tags-only") == 0
    project.edit(SCRIPT, "# shellcheck shell=bash\n", "# shellcheck shell=bash\n# changed\n")
    project.commit("moved")
    project.git("tag", "-f", "swdev-toolchain/v1.2.0")
    capsys.readouterr()
    assert project.run("check") == ExitCode.BLOCKED
    assert "swdev-toolchain 1.2.0 is not what its tag swdev-toolchain/v1.2.0 has" in capsys.readouterr().err


def test_channels_are_tags_and_branches(project: Project):
    """CIC-04, TPL-26: stable takes no pre-release, beta the highest, and both only what their branch has."""
    project.edit(SWDEV, "version: 1.2.0", "version: 1.3.0-beta.1")
    beta = project.commit("beta")
    project.git("tag", "swdev-toolchain/v1.3.0-beta.1")
    where = repository(project.catalog)
    assert where is not None
    versions = where.releases()["swdev-toolchain"]
    assert where.channel(Channel.STABLE, versions) == "1.2.0"
    assert where.channel(Channel.BETA, versions) == "1.3.0-beta.1"
    assert where.channel(Channel.PINNED, versions) is None
    project.git("branch", "beta", "swdev-toolchain/v1.2.0")
    assert where.channel(Channel.BETA, versions) == "1.2.0"
    assert where.commit("swdev-toolchain/v1.3.0-beta.1") == beta


def test_a_channel_composes_its_own_version(project: Project, capsys: pytest.CaptureFixture[str]):
    """A version that only a tag has is written beside the work tree's, with its commit in the provenance."""
    project.edit(SWDEV, "version: 1.2.0", "version: 1.3.0-beta.1")
    project.edit("compositions/pod-swdev.yaml", "version: 1.2.0", "version: 1.3.0-beta.1")
    beta = project.commit("beta")
    project.git("tag", "swdev-toolchain/v1.3.0-beta.1")
    assert project.run("resolve", "--tags-only") == 0
    capsys.readouterr()
    for channel, version, commit in (
        ("stable", "1.2.0", project.git("rev-parse", "swdev-toolchain/v1.2.0")),
        ("beta", "1.3.0-beta.1", beta),
    ):
        assert project.run("show", "pod-swdev", "--channel", channel, "--json") == 0
        toolchain = json.loads(capsys.readouterr().out)["toolchain"]
        assert (toolchain["version"], toolchain["commit"]) == (version, commit)


def test_diff_shows_what_changed_since_a_commit(project: Project, capsys: pytest.CaptureFixture[str]):
    assert project.run("diff", "pod-swdev") == 0
    assert "pod-swdev: nothing differs" in capsys.readouterr().out
    project.edit("bases/k8s/main.tf", '"Recreate"', '"RollingUpdate"')
    assert project.run("diff", "pod-swdev", "--ref", "base-k8s/v3.1.0") == 0
    shown = capsys.readouterr().out
    assert "--- old/base/main.tf" in shown
    assert '+      type = "RollingUpdate"' in shown


class Answers:
    """A registry and an EC2 that answer."""

    def digest(self, image: str) -> str:
        assert image == "docker.io/codercom/enterprise-base:ubuntu"
        return DIGEST

    def machine_image(self, search: MachineSearch, region: str) -> tuple[str, str]:
        return f"ami-{'0' * 16}{len(region) % 10}", search.name.replace("*", "20261101")


class Silent:
    """Neither answers."""

    def digest(self, image: str) -> str:
        raise Failure(ExitCode.UNREACHABLE, f"{image.partition('/')[0]} does not answer")

    def machine_image(self, search: MachineSearch, region: str) -> tuple[str, str]:
        raise Failure(ExitCode.UNREACHABLE, f"EC2 in {region} does not answer about {search.owner}")


def test_resolve_locks_digests_and_machine_images_and_keeps_what_does_not_answer(project: Project):
    """TPL-39: the same answers give the same bytes."""
    with (project.catalog / "images.yaml").open("a") as images:
        images.write('al2023:\n  machine_image: { owner: amazon, name: "al2023-*" }\n  user: ec2-user\n')
    catalog, today = load_catalog(project.catalog), date(2026, 11, 21)
    lock, problems, code = resolve(catalog, project.catalog, None, Answers(), ["us-east-1", "eu-west-2"], today)
    assert (problems, code) == ([], ExitCode.DONE)
    assert lock.images["enterprise-base"].digest == DIGEST
    assert set(lock.machine_images["al2023"]) == {"us-east-1", "eu-west-2"}
    (project.catalog / "lock.yaml").write_text(text(lock))
    again = load_catalog(project.catalog)
    assert again.lock == lock
    kept, problems, code = resolve(again, project.catalog, None, Silent(), ["us-east-1"], today)
    assert (text(kept), code) == (text(lock), ExitCode.UNREACHABLE)
    assert problems == ["image al2023: EC2 in us-east-1 does not answer about amazon", "image enterprise-base: docker.io does not answer"]


def test_resolve_says_what_does_not_answer(project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(templates_runs, "RealArtifacts", Silent)
    assert project.run("resolve") == ExitCode.UNREACHABLE
    said = capsys.readouterr().err
    assert "image enterprise-base: docker.io does not answer" in said
    assert "lock.yaml keeps what it had of these" in said


class OneRegion(Answers):
    """EC2 answers in one region alone."""

    def machine_image(self, search: MachineSearch, region: str) -> tuple[str, str]:
        if region != "us-west-2":
            raise Failure(ExitCode.UNREACHABLE, f"EC2 in {region} does not answer about {search.owner}")
        return super().machine_image(search, region)


def test_machine_images_are_resolved_in_every_region_of_the_stacks(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """TPL-39: of all stacks of the project or of the one that is named; a region that is silent keeps no other from its id."""
    shutil.copy(ROOT / "Pulumi.demo.yaml", project.folder)
    with (project.catalog / "images.yaml").open("a") as images:
        images.write('al2023:\n  machine_image: { owner: amazon, name: "al2023-*" }\n  user: ec2-user\n')
    monkeypatch.setattr(templates_runs, "RealArtifacts", OneRegion)
    assert project.run("resolve", "--stack", "demo") == ExitCode.UNREACHABLE
    assert set(load_catalog(project.catalog).lock.machine_images["al2023"]) == {"us-west-2"}
    demo = set(load_file(project.folder / "Pulumi.demo.yaml").regions)
    said = capsys.readouterr().err
    assert {region for region in demo if f"image al2023: EC2 in {region} does not answer" in said} == demo - {"us-west-2"}
    monkeypatch.setattr(templates_runs, "RealArtifacts", Answers)
    assert project.run("resolve") == 0
    assert set(load_catalog(project.catalog).lock.machine_images["al2023"]) == {*demo, "us-east-1"}


def test_a_tag_that_names_nothing_is_told(project: Project):
    project.git("tag", "nothing/v1.0.0")
    _, problems, code = resolve(load_catalog(project.catalog), project.catalog, repository(project.catalog), None, [], date(2026, 11, 21))
    assert problems == ["tag nothing/v1.0.0 has no module nothing; remove the tag, or name it after a module of the catalogue"]
    assert code is ExitCode.BLOCKED


def test_a_catalogue_with_faults_is_told_whole(project: Project, capsys: pytest.CaptureFixture[str]):
    project.edit(SWDEV, "version: 1.2.0", "version: 1.2")
    project.edit("images.yaml", "digest: sha256:96", "digest: sha256:")
    assert project.run("check") == ExitCode.USAGE
    said = capsys.readouterr().err
    assert "toolchains/swdev/toolchain.yaml: version: 1.2 is no text; write it in quotes" in said
    assert "images.yaml: enterprise-base.digest: " in said


@pytest.fixture
def registry() -> Iterator[str]:
    """A registry on loopback that wants a token of nobody."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(
                b'{"token": "for-nobody"}' if self.path == "/token?service=here&scope=repository%3Atools%2Fimage%3Apull" else b"{}"
            )

        def do_HEAD(self) -> None:
            known = self.path == "/v2/tools/image/manifests/1.0"
            allowed = self.headers["Authorization"] == "Bearer for-nobody"
            self.send_response(404 if not known else 200 if allowed else 401)
            if known and allowed:
                self.send_header("Docker-Content-Digest", DIGEST)
            elif known:
                realm = f"http://127.0.0.1:{self.server.server_address[1]}/token"
                self.send_header("WWW-Authenticate", f'Bearer realm="{realm}",service="here",scope="repository:tools/image:pull"')
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_registry_tells_the_digest_of_a_tag(registry: str):
    assert RealArtifacts().digest(f"{registry}/tools/image:1.0") == DIGEST
    with pytest.raises(Failure, match=r"does not tell the digest of .*/tools/other:1\.0 \(HTTP 404\)"):
        RealArtifacts().digest(f"{registry}/tools/other:1.0")
    with pytest.raises(Failure, match=r"127\.0\.0\.1:1 does not answer: .*; run it where registries are reached"):
        RealArtifacts().digest("127.0.0.1:1/tools/image:1.0")
