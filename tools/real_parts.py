"""The real parts that tests run against, from their Go modules: `python -m tools.real_parts` gets what `make test-real` needs.

Each lies in the user's cache folder by name and version; the first run takes minutes of compiling, later ones none (docs/adr/0003).
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.go_module import Go, GoError, Version, alone, cache_folder, keep, needed, toolchain, unfinished
from tools.install import ROOT, SetupError, say

MODULES = ROOT / "tools" / "real"
GENERATOR = ROOT / "tools" / "gen_sdk"


@dataclass(frozen=True)
class Program:
    """An executable, built from a package of the module in a folder. linker: flags beside -s -w. minutes: on two cores, from nothing."""

    name: str
    version: str
    module: Path
    package: str
    binary: str
    minutes: int
    linker: str = ""

    @property
    def floor(self) -> Version:
        """The oldest Go that builds it."""
        return needed(self.module)

    def says(self) -> str:
        """What is about to be done."""
        return f"building it from its Go module (once on this machine; about {self.minutes} min on two cores)"

    def make(self, go: Go, folder: Path) -> None:
        """Into an empty folder. Raises GoError."""
        go.build(self.module, self.package, folder / self.binary, f"-s -w {self.linker}".strip())


@dataclass(frozen=True)
class Files:
    """Files of a published module, as they are. checksum: of the module, as go.sum would have it."""

    name: str
    version: str
    source: str
    checksum: str
    files: tuple[str, ...]
    floor: Version = (1, 21, 0)  # any Go that can download

    def says(self) -> str:
        """What is about to be done."""
        return f"taking {len(self.files)} files out of {self.source}"

    def make(self, go: Go, folder: Path) -> None:
        """Into an empty folder. Raises GoError."""
        published = go.download(self.source, f"v{self.version}", self.checksum, folder)
        for file in self.files:
            shutil.copyfile(published / file, folder / Path(file).name)


@dataclass(frozen=True)
class Folders:
    """Whole folders of a published module. checksum: as of Files. folders: where each goes, and where it is in the module."""

    name: str
    version: str
    source: str
    checksum: str
    folders: tuple[tuple[str, str], ...]
    floor: Version = (1, 21, 0)  # any Go that can download

    def says(self) -> str:
        """What is about to be done."""
        return f"taking {len(self.folders)} folders out of {self.source}"

    def make(self, go: Go, folder: Path) -> None:
        """Into an empty folder. Raises GoError."""
        published = go.download(self.source, f"v{self.version}", self.checksum, folder)
        for target, source in self.folders:
            # Go's module cache is read-only; a part of ours can be deleted
            shutil.copytree(published / source, folder / target, copy_function=shutil.copyfile)
            for path in (folder / target, *(folder / target).rglob("*")):
                path.chmod(0o755 if path.is_dir() else 0o644)


Part = Program | Files | Folders


def _required(name: str, module: str) -> str:
    """The version that tools/real/<name>/go.mod pins."""
    match = re.search(rf"^(?:require)?\s+{re.escape(module)} v(\S+)$", (MODULES / name / "go.mod").read_text(), re.MULTILINE)
    assert match is not None
    return match[1]


def _digest(module: Path) -> str:
    """A version for sources of our own."""
    digest = hashlib.sha256()
    for path in (module / "go.mod", module / "go.sum", *sorted(module.glob("*.go"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _kubernetes(version: str) -> str:
    """What its own build sets; the server refuses to start without it."""
    major, minor, _ = version.split(".")
    values = {"gitVersion": f"v{version}", "gitMajor": major, "gitMinor": minor}
    return " ".join(f"-X k8s.io/component-base/version.{key}={value}" for key, value in values.items())


_KUBERNETES, _CODERD = _required("kube-apiserver", "k8s.io/kubernetes"), _required("coderd", "github.com/coder/coder/v2")
_TOFU, _OPA = "github.com/opentofu/opentofu", "github.com/open-policy-agent/opa"
_PROVIDER = "github.com/coder/terraform-provider-coder/v2"
_PROVIDER_VERSION = _required("terraform-provider-coder", _PROVIDER)

ETCD = Program("etcd", _required("etcd", "go.etcd.io/etcd/server/v3"), MODULES / "etcd", "go.etcd.io/etcd/server/v3", "etcd", 1)
KUBE_APISERVER = Program(
    "kube-apiserver", _KUBERNETES, MODULES / "kube-apiserver", ".", "kube-apiserver", 4, linker=_kubernetes(_KUBERNETES)
)
CODERD = Program(
    "coderd",
    _CODERD,
    MODULES / "coderd",
    "github.com/coder/coder/v2/cmd/coder",
    "coder",
    3,
    linker=f"-X github.com/coder/coder/v2/buildinfo.tag={_CODERD}",
)
OPA = Program("opa", _required("opa", _OPA), MODULES / "opa", _OPA, "opa", 2)
OPENTOFU = Program("opentofu", _required("opentofu", _TOFU), MODULES / "opentofu", f"{_TOFU}/cmd/tofu", "tofu", 3)
CODER_PROVIDER = Program(
    "terraform-provider-coder",
    _PROVIDER_VERSION,
    MODULES / "terraform-provider-coder",
    _PROVIDER,
    f"terraform-provider-coder_v{_PROVIDER_VERSION}",
    1,
)
HELM = Program("helm", _required("helm", "helm.sh/helm/v3"), MODULES / "helm", "helm.sh/helm/v3/cmd/helm", "helm", 2)
# Coder's charts of the release whose module builds (the stack pins a later one); libcoder is what `helm dependency build` would put there.
CODER_CHARTS = Folders(
    "coder-charts",
    _CODERD,
    "github.com/coder/coder/v2",
    "h1:IRJ+p5i+wP5KBL3f3oBQBPzwbdD/1ZGusMbeeszYMoY=",  # as tools/real/coderd/go.sum has it
    (
        ("coder", "helm/coder"),
        ("coder/charts/libcoder", "helm/libcoder"),
        ("coder-provisioner", "helm/provisioner"),
        ("coder-provisioner/charts/libcoder", "helm/libcoder"),
    ),
)
SDK_GENERATOR = Program("gen-sdk", _digest(GENERATOR), GENERATOR, ".", "gen_sdk", 2)
# The newest whose module the public proxy serves; the pinned chart's (2.9.0) serves the same API version, external-secrets.io/v1.
EXTERNAL_SECRETS = Files(
    "external-secrets-definitions",
    "1.3.2",
    "github.com/external-secrets/external-secrets",
    "h1:u2J8RjlHIeF0oZCqtl92adI/uZWUwOesJIDkfql6LqQ=",  # computed by Go 1.26.8 from the proxy's archive, 2026-11-21
    ("config/crds/bases/external-secrets.io_externalsecrets.yaml", "config/crds/bases/external-secrets.io_secretstores.yaml"),
)
# The release of the pinned chart (settings/versions.py)
KARPENTER = Files(
    "karpenter-definitions",
    "1.14.1",
    "github.com/aws/karpenter-provider-aws",
    "h1:WGtIQTQcxpElYMdWfWuPwaF2+9muR+hYhPZsTtoY8Gs=",  # computed by Go 1.26.8 from the proxy's archive, 2026-11-21
    ("pkg/apis/crds/karpenter.k8s.aws_ec2nodeclasses.yaml", "pkg/apis/crds/karpenter.sh_nodepools.yaml"),
)
# OASIS's schema of SARIF 2.1.0 with errata 01, as a Go library carries it: the proxy serves no module of the specification's own
SARIF_SCHEMA = Files(
    "sarif-schema",
    "3.3.1",
    "github.com/owenrumney/go-sarif/v3",
    "h1:bKY8YnWcY8zYTiGVObC5wZLlfEvMkCxK9XMGXBbzEtQ=",  # computed by Go 1.26.8 from the proxy's archive, 2026-11-21
    ("pkg/report/v210/sarif/schema.go",),
)
_ACTIONLINT = "github.com/rhysd/actionlint"
ACTIONLINT = Program(
    "actionlint", _required("actionlint", _ACTIONLINT), MODULES / "actionlint", f"{_ACTIONLINT}/cmd/actionlint", "actionlint", 1
)
PARTS: tuple[Part, ...] = (
    ACTIONLINT,
    ETCD,
    CODER_PROVIDER,
    EXTERNAL_SECRETS,
    KARPENTER,
    SARIF_SCHEMA,
    SDK_GENERATOR,
    OPA,
    CODERD,
    CODER_CHARTS,
    HELM,
    OPENTOFU,
    KUBE_APISERVER,
)


def folder(part: Part, environment: Mapping[str, str]) -> Path:
    """Where a part lies, or will."""
    return cache_folder(environment) / f"{part.name}-{part.version}"


def there(part: Part, environment: Mapping[str, str]) -> bool:
    """Whether it has been made already."""
    place = folder(part, environment)
    return os.access(place / part.binary, os.X_OK) if isinstance(part, Program) else place.is_dir()


def executable(part: Program, environment: Mapping[str, str]) -> Path:
    """The program of a part that is there. Raises GoError where it is not."""
    if not there(part, environment):
        raise GoError(f"{part.name} {part.version} is not built yet; `python -m tools.real_parts {part.name}` builds it")
    return folder(part, environment) / part.binary


def ensure(parts: Sequence[Part], environment: Mapping[str, str]) -> None:
    """Make the parts that are missing, one after the other. Raises GoError; what was finished before stays."""
    if all(there(part, environment) for part in parts):
        return
    cache = cache_folder(environment)
    with alone(cache, "real-parts", "the real parts"), unfinished(cache) as work:
        missing = [part for part in parts if not there(part, environment)]  # another clone may have made some meanwhile
        if not missing:
            return
        go = toolchain(max(part.floor for part in missing), work, environment)
        for number, part in enumerate(missing, 1):
            say(f"Real part {number} of {len(missing)}, {part.name} {part.version}: {part.says()}")
            fresh = work / "parts" / part.name
            fresh.mkdir(parents=True)
            part.make(go, fresh)
            keep(fresh, folder(part, environment))


def main() -> int:
    """Get the named parts, or all; print where each lies."""
    names = {part.name: part for part in PARTS}
    parser = argparse.ArgumentParser(description="Get the real parts of `make test-real`; what is there already stays.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(names)}; default: all")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(names))
    if unknown:
        parser.error(f"no part {', '.join(unknown)}; there is: {', '.join(names)}")
    wanted = [names[name] for name in arguments.names] or list(PARTS)
    try:
        ensure(wanted, os.environ)
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    for part in wanted:
        print(folder(part, os.environ) / part.binary if isinstance(part, Program) else folder(part, os.environ))
    return 0


if __name__ == "__main__":
    sys.exit(main())
