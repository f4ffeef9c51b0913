"""**Feature: coder-deployment-guide, Property 6: External Provisioners**"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from tests.policy.graphs import ProdLike, Shape, prod_like
from tests.policy.judge import assert_open, run
from tests.policy.mutants import Mutant, assert_caught, cases
from tests.policy.regions import two_regions
from tests.policy.test_property_01_infrastructure import remove
from tests.policy.world import DEPLOYED, PREVIEW, Ref

NAME = "CODER_PROVISIONER_DAEMONS"


def env(built: ProdLike, part: str = "release") -> list[dict[str, Any]]:
    return built.parts[part].inputs["values"]["coder"]["env"]


def variable(part: str, name: str, **entry: Any):
    def change(built: ProdLike) -> None:
        kept = [item for item in env(built, part) if item["name"] != name]
        built.parts[part].inputs["values"]["coder"]["env"] = [*kept, {"name": name, **entry}] if entry else kept

    return change


def from_map(built: ProdLike, value: str | None, namespace: Any = None) -> None:
    """The variable comes from a ConfigMap by envFrom."""
    variable("release", NAME)(built)
    data = {} if value is None else {NAME: value}
    built.make("map", "kubernetes:core/v1:ConfigMap", {"metadata": {"name": "extra", "namespace": namespace or built.home}, "data": data})
    built.parts["release"].inputs["values"]["coder"]["envFrom"] = [{"configMapRef": {"name": "extra"}}]


def address_from_map(built: ProdLike, address: str) -> None:
    """coderd's address stands in a ConfigMap beside the provisioners."""
    namespace = built.parts["provisioners"].inputs["namespace"]
    built.make("address", "kubernetes:core/v1:ConfigMap", {"metadata": {"name": "told", "namespace": namespace}, "data": {"at": address}})
    variable("provisioners", "CODER_URL", valueFrom={"configMapKeyRef": {"name": "told", "key": "at"}})(built)


def beside_coderd(built: ProdLike) -> None:
    """Provisioners in coderd's own namespace call it by its short name."""
    setting("provisioners", built.home, "namespace")(built)
    setting("key-secret", built.home, "metadata", "namespace")(built)
    variable("provisioners", "CODER_URL", value="http://coder:8080")(built)


def on_port(number: int, address: str) -> Callable[[ProdLike], object]:
    """coderd's Service on the port that an address leaves out."""

    def change(built: ProdLike) -> None:
        setting("service", [{"port": number}], "spec", "ports")(built)
        variable("provisioners", "CODER_URL", value=address)(built)

    return change


def job(part: str, *words: str, **more: Any):
    def change(built: ProdLike) -> None:
        pod = {"spec": {"containers": [{"name": "kubectl", "args": list(words), **more}]}}
        built.parts[part].inputs["spec"]["jobTemplate"]["spec"]["template"] = pod

    return change


def setting(part: str, value: Any, *path: str):
    def change(built: ProdLike) -> None:
        place = built.parts[part].inputs
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return change


KEDA, HPA = "kubernetes:keda.sh/v1alpha1:ScaledObject", "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"


def scaler(kind: str, namespace: str = "coder-prov", target: str = "coder-provisioner", **spec: Any):
    """Something that scales the provisioners."""
    meta = {"name": "builds", "namespace": namespace}
    return lambda built: built.make("scaler", kind, {"metadata": meta, "spec": {"scaleTargetRef": {"name": target}, **spec}})


MUTANTS = [
    Mutant("built-in provisioners", f"has {NAME} '3'", variable("release", NAME, value="3")),
    Mutant("the variable is not set", f"has {NAME} not set", variable("release", NAME)),
    Mutant("a number instead of text", f"has {NAME} 0", variable("release", NAME, value=0)),
    Mutant("two zeros", f"has {NAME} '00'", variable("release", NAME, value="00")),
    Mutant("a later duplicate", f"has {NAME} '1'", lambda b: env(b).append({"name": NAME, "value": "1"})),
    Mutant(
        "a secret decides",
        "from where no policy can read",
        variable("release", NAME, valueFrom={"secretKeyRef": {"name": "coder", "key": "daemons"}}),
    ),
    Mutant("a ConfigMap decides", f"has {NAME} '3'", lambda b: from_map(b, "3")),
    Mutant("no provisioners", "no Helm release of the chart coder-provisioner", remove("provisioners"), whole=True),
    Mutant(
        "a look-alike chart",
        "no Helm release of the chart coder-provisioner",
        setting("provisioners", "my-coder-provisioner-ui", "chart"),
        whole=True,
    ),
    Mutant("none at rest", "hours without any replica", setting("provisioners", 0, "values", "coder", "replicaCount")),
    Mutant("none at night", "hours without any replica", job("provisioners-down", "scale", "deployment/coder-provisioner", "--replicas=0")),
    Mutant(
        "none at night, spelt apart",
        "hours without any replica",
        job("provisioners-down", "scale", "deployment", "coder-provisioner", "--replicas", "0"),
    ),
    Mutant(
        "none at night by a patch",
        "hours without any replica",
        job("provisioners-down", "patch", "deployment/coder-provisioner", "-p", '{"spec":{"replicas":0}}'),
    ),
    Mutant(
        "none at night by a variable",
        "hours without any replica",
        job("provisioners-down", "scale", "deployment/coder-provisioner", "--replicas=$N", env=[{"name": "N", "value": "0"}]),
    ),
    Mutant(
        "none at night by a command",
        "hours without any replica",
        job("provisioners-down", command=["kubectl", "scale", "deployment/coder-provisioner", "--replicas=0"]),
    ),
    Mutant(
        "a number that nobody knows",
        "hours without any replica",
        job("provisioners-down", "scale", "deployment/coder-provisioner", "--replicas=$M", env=[{"name": "N", "value": "1"}]),
    ),
    Mutant(
        "none at night by a job elsewhere",
        "hours without any replica",
        lambda b: (
            setting("provisioners-down", "kube-system", "metadata", "namespace")(b),
            job("provisioners-down", "-n", "coder-prov", "scale", "deployment/coder-provisioner", "--replicas=0")(b),
        ),
    ),
    Mutant(
        "none at night by a job of nobody knows which namespace",
        "hours without any replica",
        lambda b: (
            setting("provisioners-down", UNKNOWN_STRING_VALUE, "metadata", "namespace")(b),
            job("provisioners-down", "scale", "deployment/coder-provisioner", "--replicas=0")(b),
        ),
        (PREVIEW,),
    ),
    Mutant(
        "less than none", "hours without any replica", job("provisioners-down", "scale", "deployment/coder-provisioner", "--replicas=-1")
    ),
    *(
        Mutant(
            f"a job elsewhere that {what}",
            "hours without any replica",
            lambda b, words=words: (
                setting("provisioners-down", "kube-system", "metadata", "namespace")(b),
                job("provisioners-down", *words.split())(b),
            ),
        )
        for what, words in (
            ("deletes them", "-n coder-prov delete deployment coder-provisioner"),
            ("uninstalls them", "helm uninstall coder-provisioner --namespace coder-prov"),
            ("deletes them by their path", "-X DELETE https://kubernetes/apis/apps/v1/namespaces/coder-prov/deployments/coder-provisioner"),
            ("scales all to none", "-n coder-prov scale deployment --all --replicas=0"),
            ("scales by a label to none", "-n coder-prov scale deployment -l app=x --replicas=0"),
        )
    ),
    *(
        Mutant(f"a scaler {what}", "hours without any replica", scaler(kind, **spec))
        for what, kind, spec in (
            ("that goes to none by default", KEDA, {}),
            ("that goes to none", KEDA, {"minReplicaCount": 0}),
            ("that goes to none when idle", KEDA, {"minReplicaCount": 1, "idleReplicaCount": 0}),
            ("of Kubernetes that goes to none", HPA, {"minReplicas": 0}),
        )
    ),
    Mutant("a scaler who knows where", "hours without any replica", scaler(KEDA, UNKNOWN_STRING_VALUE, minReplicaCount=0), (PREVIEW,)),
    *(
        Mutant(f"the shared key {how}", "the key that all provisioners share", change)
        for how, change in (
            ("beside its own", setting("provisioners", "coder-provisioner-psk", "values", "provisionerDaemon", "pskSecretName")),
            ("as a variable", variable("provisioners", "CODER_PROVISIONER_DAEMON_PSK", value="x")),
        )
    ),
    Mutant("no key", "has no key", setting("provisioners", None, "values", "provisionerDaemon", "keySecretName")),
    Mutant("a key that nothing makes", "which nothing in the stack makes", remove("key-secret")),
    Mutant("a key in another namespace", "which nothing in the stack makes", setting("key-secret", "coder-ws", "metadata", "namespace")),
    Mutant(
        "a key of another name", "which nothing in the stack makes", setting("key-secret", "coder-provisioner-key2", "metadata", "name")
    ),
    Mutant("no address", "has no CODER_URL", variable("provisioners", "CODER_URL")),
    Mutant(
        "the address of another Service",
        "is no Service of this stack",
        variable("provisioners", "CODER_URL", value="http://coderd.coder.svc:8080"),
    ),
    Mutant(
        "the address in another namespace",
        "is no Service of this stack",
        variable("provisioners", "CODER_URL", value="http://coder.coder-prov:8080"),
    ),
    Mutant(
        "a short name from another namespace",
        "is no Service of this stack",
        variable("provisioners", "CODER_URL", value="http://coder:8080"),
    ),
    Mutant(
        "the address of another Service by a ConfigMap",
        "is no Service of this stack",
        lambda b: address_from_map(b, "http://coderd.coder.svc:8080"),
    ),
    Mutant("a port that the Service has not", "has the ports 8080", variable("provisioners", "CODER_URL", value="http://coder.coder.svc")),
    Mutant("no Service", "is no Service of this stack", remove("service")),
    Mutant("a Service of other pods", "does not match coderd's pods", setting("service", {"app": "other"}, "spec", "selector")),
    Mutant("no coderd", "no Helm release of the chart coder", remove("release"), whole=True),
]


@cases(MUTANTS)
def test_a_broken_fact_is_named(mutant: Mutant, mode: str) -> None:
    assert_caught(mutant, mode, 6)


ENTRY = st.one_of(
    st.fixed_dictionaries(
        {"name": st.sampled_from([NAME, NAME.lower(), "OTHER"]), "value": st.sampled_from(["0", 0, "00", "", "1", " 0", None])}
    ),
    st.just({"name": NAME, "valueFrom": {"configMapKeyRef": {"name": "extra", "key": NAME}}}),
)


@settings(max_examples=120, deadline=None)
@given(entries=st.lists(ENTRY, max_size=4), mapped=st.sampled_from([None, "0", "2"]), uses_map=st.booleans())
def test_the_effective_value_decides(entries: list[dict[str, Any]], mapped: str | None, uses_map: bool) -> None:
    """**Feature: coder-deployment-guide, Property 6: External Provisioners**

    The oracle folds the list from the left, as the kubelet does: a later entry replaces an earlier one, `env` replaces `envFrom`.
    """
    built = prod_like()
    from_map(built, mapped)
    values = built.parts["release"].inputs["values"]["coder"]
    values["env"] = [*env(built), *entries]
    if not uses_map:
        del values["envFrom"]
    seen: Any = mapped if uses_map else None
    for entry in entries:
        if entry["name"] == NAME:
            seen = mapped if "valueFrom" in entry else entry["value"]
    assert (run(built.world, DEPLOYED, number=6).violations(6) == []) == (seen == "0")


@settings(max_examples=120, deadline=None)
@given(rest=st.integers(0, 2), up=st.integers(0, 2), down=st.integers(0, 2), second=st.one_of(st.none(), st.integers(0, 2)))
def test_some_release_has_a_replica_at_every_instant(rest: int, up: int, down: int, second: int | None) -> None:
    """**Feature: coder-deployment-guide, Property 6: External Provisioners**

    The oracle walks through a week: at each instant the number is what the clock said last, or the number at rest before it spoke.
    """
    built = prod_like()
    setting("provisioners", rest, "values", "coder", "replicaCount")(built)
    job("provisioners-up", "scale", "deployment/coder-provisioner", f"--replicas={up}")(built)
    job("provisioners-down", "scale", "deployment/coder-provisioner", f"--replicas={down}")(built)
    week = [rest, *[number for _ in range(5) for number in (up, down)]]
    releases = [week]
    if second is not None:
        source = built.parts["provisioners"].inputs
        values = {**source["values"], "coder": {**source["values"]["coder"], "replicaCount": second}, "nameOverride": "night-shift"}
        built.make("second", "kubernetes:helm.sh/v3:Release", {**source, "name": "night-shift", "values": values})
        releases.append([second] * len(week))
    always = any(min(instants) >= 1 for instants in releases)
    assert (run(built.world, DEPLOYED, number=6).violations(6) == []) == always


LAWFUL: list[Callable[[ProdLike], object]] = [
    beside_coderd,
    on_port(80, "http://coder.coder.svc"),
    on_port(443, "https://coder.coder.svc"),
    remove("environment"),
    lambda b: address_from_map(b, "http://coder.coder.svc:8080"),
    lambda b: b.make("a-nameless-one", "kubernetes:core/v1:Service", {"metadata": {"namespace": "coder"}, "spec": {}}),
    job("provisioners-down", "scale", "deployment/coder-provisioner", "--replicas=1", env=[{"name": "NOTE", "value": "once --replicas=0"}]),
    job("provisioners-down", "-n", "coder-ws", "scale", "deployment/coder-provisioner", "--replicas=0"),
    job("provisioners-down", "-n", "coder-prov", "delete", "pod", "-l", "app.kubernetes.io/name=coder-provisioner"),
    scaler(KEDA, minReplicaCount=1),
    scaler(HPA),
    scaler(KEDA, namespace="coder-ws", minReplicaCount=0),
    scaler(KEDA, target="coder-provisioner-cache", minReplicaCount=0),
]


@pytest.mark.parametrize("lawful", LAWFUL)
def test_builds_can_run_however_it_is_written(lawful: Callable[[ProdLike], object]) -> None:
    """The namespace that a command names is the one that it scales in, wherever the job itself lives."""
    built = prod_like()
    lawful(built)
    assert run(built.world, DEPLOYED, number=6).violations(6) == []


@pytest.mark.parametrize("host", ["coder.coder", "coder.coder.svc", "coder.coder.svc.cluster.local"])
def test_every_name_of_the_service_is_its_address(host: str) -> None:
    built = prod_like()
    variable("provisioners", "CODER_URL", value=f"http://{host}:8080")(built)
    assert run(built.world, PREVIEW, number=6).violations(6) == []


def test_a_key_from_external_secrets_counts() -> None:
    built = prod_like()
    built.world.remove(built.parts["key-secret"])
    spec = {"target": {"name": "coder-provisioner-key"}}
    built.make(
        "sync", "kubernetes:external-secrets.io/v1:ExternalSecret", {"metadata": {"name": "x", "namespace": "coder-prov"}, "spec": spec}
    )
    assert run(built.world, DEPLOYED, number=6).violations(6) == []


def test_a_number_at_night_may_stand_in_a_variable() -> None:
    built = prod_like()
    job("provisioners-down", "scale", "deployment/coder-provisioner", "--replicas=${X}", env=[{"name": "X", "value": "1"}])(built)
    assert run(built.world, DEPLOYED, number=6).violations(6) == []


@pytest.mark.parametrize(
    ("changes", "selector"),
    [
        ({"values.nameOverride": "api"}, {"app.kubernetes.io/name": "api", "app.kubernetes.io/part-of": "api"}),
        ({"values.coder.podLabels": {"team": "platform"}}, {"team": "platform"}),
        ({"name": "main"}, {"app.kubernetes.io/instance": "main"}),
        ({"name": None, "status": {"name": "main"}}, {"app.kubernetes.io/instance": "main"}),
        ({"name": None, "status": None}, {"app.kubernetes.io/name": "coder", "app.kubernetes.io/instance": "whatever it gets"}),
    ],
)
def test_a_selector_may_name_any_label_of_coderd_s_pods(changes: dict[str, Any], selector: dict[str, str]) -> None:
    built = prod_like()
    for path, value in changes.items():
        setting("release", value, *path.split("."))(built)
    setting("service", selector, "spec", "selector")(built)
    assert [line for line in run(built.world, DEPLOYED, number=6).violations(6) if "selector" in line.message] == []


@pytest.mark.parametrize(
    ("unknown", "what"),
    [
        (
            lambda b: setting("provisioners", Ref(b.parts["vpc"]), "values", "provisionerDaemon", "keySecretName")(b),
            "the Secret with its key",
        ),
        (lambda b: variable("provisioners", "CODER_URL", value=Ref(b.parts["vpc"]))(b), "CODER_URL is unknown"),
        (lambda b: scaler(HPA, minReplicas=Ref(b.parts["vpc"]))(b), "how many replicas it keeps is unknown"),
    ],
)
def test_an_unknown_is_left_open_with_its_urn(unknown: Any, what: str) -> None:
    built = prod_like()
    unknown(built)
    assert_open(run(built.world, PREVIEW, number=6), 6, built.world.urn(built.parts["provisioners"]), what)


def test_the_first_visit_waits() -> None:
    built = prod_like(Shape(visit=1))
    assert "first visit" in run(built.world, PREVIEW, number=6).not_applicable["property-06-external-provisioners"]


def test_an_unknown_number_is_left_open() -> None:
    built = prod_like()
    setting("provisioners", Ref(built.parts["vpc"]), "values", "coder", "replicaCount")(built)
    outcome = run(built.world, PREVIEW, number=6)
    assert outcome.violations(6) == []
    assert "property-06-external-provisioners" not in outcome.passed
    assert any("property-06 not yet judged" in line for line in outcome.advisories())


def test_the_built_in_provisioners_are_judged_on_the_first_visit_too() -> None:
    built = prod_like(Shape(visit=1))
    variable("release", NAME, value="3")(built)
    assert run(built.world, PREVIEW, number=6).violations(6) != []


def test_a_stack_with_coderd_s_resources_can_t_call_itself_the_first_visit() -> None:
    """The judge does not believe what the program says of itself."""
    built = prod_like()
    built.parts["environment"].inputs["visit"] = 1
    built.world.remove(built.parts["provisioners"])
    found = run(built.world, PREVIEW, number=6).violations(6)
    assert any("no Helm release of the chart coder-provisioner" in line.message for line in found)


def test_coderd_does_not_hide_behind_the_flag_of_a_workspace_proxy() -> None:
    """POL-06: a proxy is the same chart with another command, which knows no builds; without any coderd there is nothing to judge."""
    built = prod_like(Shape())
    built.parts["release"].inputs["values"]["coder"]["workspaceProxy"] = True
    assert any("has no Helm release of the chart coder" in line.message for line in run(built.world, PREVIEW, number=6).violations(6))


def test_a_workspace_proxy_is_asked_for_no_provisioners() -> None:
    """POL-06: a proxy without the variable beside a coderd with it."""
    built = two_regions()
    assert run(built.built.world, PREVIEW, number=6).violations(6) == []
