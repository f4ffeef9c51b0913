"""Getting the real parts: with a fake Go on PATH, and no network."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tools import real_parts
from tools.go_module import GoError
from tools.real_parts import (
    CODER_CHARTS,
    CODER_PROVIDER,
    ETCD,
    EXTERNAL_SECRETS,
    KARPENTER,
    KUBE_APISERVER,
    PARTS,
    SARIF_SCHEMA,
    ensure,
    executable,
    folder,
    there,
)


class Machine:
    """A machine with a Go that writes down what it is asked, and an empty cache."""

    def __init__(self, root: Path) -> None:
        self.root, self.journal_file = root, root / "journal"
        (root / "bin").mkdir()
        for name in ("sh", "cat", "chmod", "mkdir"):
            found = shutil.which(name)
            assert found is not None
            (root / "bin" / name).symlink_to(found)
        self.environment = {"PATH": str(root / "bin"), "XDG_CACHE_HOME": str(root / "cache"), "HOME": str(root)}

    def go(self, checksum: str = EXTERNAL_SECRETS.checksum, fails_on: str = "none") -> None:
        module = self.root / "module"
        for file in (*EXTERNAL_SECRETS.files, *KARPENTER.files, *SARIF_SCHEMA.files):
            (module / file).parent.mkdir(parents=True, exist_ok=True)
            (module / file).write_text("kind: CustomResourceDefinition")
        for _, source in CODER_CHARTS.folders:
            (module / source).mkdir(parents=True, exist_ok=True)
            (module / source / "Chart.yaml").write_text("apiVersion: v2")
            (module / source / "Chart.yaml").chmod(0o444)
        sums = {part.source: part.checksum for part in (KARPENTER, SARIF_SCHEMA, CODER_CHARTS)} | {EXTERNAL_SECRETS.source: checksum}
        answers = {name: json.dumps({"Dir": str(module), "Sum": known}) for name, known in sums.items()}
        given = " ".join(f"*{name}@*) echo '{answer}';;" for name, answer in answers.items())
        script = f"""#!/bin/sh
            if [ "$1" = env ]; then echo go1.99.0; exit 0; fi
            echo "$PWD $*" >> {self.journal_file}
            case "$*" in *{fails_on}*) echo 'no space left' >&2; exit 1;; esac
            if [ "$1" = mod ]; then case "$*" in {given} esac; exit 0; fi
            while [ "$1" != -o ]; do shift; done
            echo '#!/bin/sh' > "$2"; chmod +x "$2"
        """
        (self.root / "bin" / "go").write_text(script)
        (self.root / "bin" / "go").chmod(0o755)

    @property
    def journal(self) -> list[str]:
        return self.journal_file.read_text().splitlines() if self.journal_file.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_every_part_is_made_once(machine: Machine):
    machine.go()
    ensure(PARTS, machine.environment)
    assert all(there(part, machine.environment) for part in PARTS)
    assert len(machine.journal) == len(PARTS)
    ensure(PARTS, machine.environment)
    assert len(machine.journal) == len(PARTS)


def test_programs_are_built_with_the_hashes_of_their_own_go_sum(machine: Machine):
    machine.go()
    ensure([ETCD, KUBE_APISERVER], machine.environment)
    for part, line in zip((ETCD, KUBE_APISERVER), machine.journal, strict=True):
        assert line.startswith(f"{part.module} build -mod=readonly -trimpath")
        assert (part.module / "go.sum").exists()


def test_the_api_server_is_told_its_version(machine: Machine):
    machine.go()
    ensure([KUBE_APISERVER], machine.environment)
    assert f"-X k8s.io/component-base/version.gitVersion=v{KUBE_APISERVER.version}" in machine.journal[0]


def test_a_failed_part_leaves_nothing_and_those_before_it_stay(machine: Machine):
    machine.go(fails_on=CODER_PROVIDER.binary)
    with pytest.raises(GoError, match=f"{CODER_PROVIDER.binary} could not be built"):
        ensure([ETCD, CODER_PROVIDER], machine.environment)
    assert there(ETCD, machine.environment)
    assert not folder(CODER_PROVIDER, machine.environment).exists()
    assert sorted(path.name for path in folder(ETCD, machine.environment).parent.iterdir()) == [
        folder(ETCD, machine.environment).name,
        "real-parts.lock",
    ]


def test_a_module_of_another_checksum_is_not_taken(machine: Machine):
    machine.go(checksum="h1:another")
    with pytest.raises(GoError, match="its checksum is h1:another instead of h1:"):
        ensure([EXTERNAL_SECRETS], machine.environment)
    assert not there(EXTERNAL_SECRETS, machine.environment)


def test_a_chart_lies_with_the_one_it_depends_on_and_can_be_deleted(machine: Machine):
    machine.go()
    ensure([CODER_CHARTS], machine.environment)
    place = folder(CODER_CHARTS, machine.environment)
    found = sorted(str(path.relative_to(place)) for path in place.rglob("Chart.yaml"))
    assert found == sorted(f"{name}/{below}Chart.yaml" for name in ("coder", "coder-provisioner") for below in ("", "charts/libcoder/"))
    assert all(path.stat().st_mode & 0o200 for path in place.rglob("*"))


def test_the_charts_are_of_the_coderd_that_is_built():
    """Another checksum would be another release's charts."""
    sums = (real_parts.MODULES / "coderd" / "go.sum").read_text()
    assert f"{CODER_CHARTS.source} v{CODER_CHARTS.version} {CODER_CHARTS.checksum}\n" in sums


def test_a_program_that_is_not_built_is_told_with_the_command(machine: Machine):
    with pytest.raises(GoError, match=r"etcd 3\.6\.\d+ is not built yet; `python -m tools.real_parts etcd` builds it"):
        executable(ETCD, machine.environment)


def test_the_generator_is_made_anew_when_its_source_changes(tmp_path: Path):
    copy = tmp_path / "gen_sdk"
    shutil.copytree(real_parts.GENERATOR, copy)
    assert real_parts._digest(copy) == real_parts.SDK_GENERATOR.version
    with (copy / "main.go").open("a") as file:
        file.write("// changed\n")
    assert real_parts._digest(copy) != real_parts.SDK_GENERATOR.version


def test_an_unknown_name_is_told_with_those_there_are(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr("sys.argv", ["real_parts", "etc"])
    with pytest.raises(SystemExit):
        real_parts.main()
    assert f"no part etc; there is: {', '.join(part.name for part in PARTS)}" in capsys.readouterr().err
