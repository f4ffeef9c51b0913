"""One test for each row of requirements 2.7, on the graph of prod: what watches it, and who is told."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from components.container_logs import of_namespace, of_others
from components.prometheus_rules import CHART_SEVERITIES
from plan.alerts import ROUTES, TOPICS
from tests.components.environments import environment
from tests.components.graph import Graph, Node

ALARM, TOPIC, RULE = "aws:cloudwatch/metricAlarm:MetricAlarm", "aws:sns/topic:Topic", "aws:cloudwatch/eventRule:EventRule"
SUBSCRIPTION, TOPIC_POLICY, TARGET = (
    "aws:sns/topicSubscription:TopicSubscription",
    "aws:sns/topicPolicy:TopicPolicy",
    "aws:cloudwatch/eventTarget:EventTarget",
)
LOG_GROUP, RELEASE, DASHBOARD = "aws:cloudwatch/logGroup:LogGroup", "kubernetes:helm.sh/v3:Release", "aws:cloudwatch/dashboard:Dashboard"
POLICY, TRAIL, KEY = "kubernetes:networking.k8s.io/v1:NetworkPolicy", "aws:cloudtrail/trail:Trail", "aws:kms/key:Key"
MANAGED = "system: { sizing: validated }"  # the same switch (T-72)
TRACED = "observability: { tracing: true, contacts: { l3: [coder/prod/pager] } }"
SMALL = "observability: { prometheus: none, chart: false, dashboards: false, cloudtrail: false }"


@pytest.fixture
def graph() -> Graph:
    return environment()


def alarm(graph: Graph, name: str) -> Node:
    return graph.one(ALARM, f"us-east-1-{name}")


def release(graph: Graph, chart: str) -> dict[str, Any]:
    (found,) = [node for node in graph.of(RELEASE) if node.inputs["chart"] == chart]
    return found.inputs["values"]


def told(graph: Graph, node: Node, property_: str) -> set[str]:
    """Names of the topics that a property takes its value from."""
    return {found.inputs["name"] for found in graph.reference(node, property_) if found.type == TOPIC}


def statements(text: str) -> list[dict[str, Any]]:
    return json.loads(text)["Statement"]


def test_cloudwatch_has_logs_metrics_and_alarms(graph: Graph):
    """OBS-01."""
    assert len(graph.of(ALARM)) > 20
    assert len(graph.of(DASHBOARD)) == 3
    assert {node.inputs["name"] for node in graph.of(LOG_GROUP)} >= {
        "/aws/eks/coder-prod/cluster",
        "/aws/rds/cluster/coder-prod/postgresql",
        "/prod/us-east-1/containers/coder",
        "/prod/us-east-1/containers/others",
        "/prod/us-east-1/vpc-flow-logs",
    }


def test_managed_prometheus_comes_by_flag(graph: Graph):
    """OBS-02, T-72: workspace, collector, rules, routes; and nothing of it without the flag."""
    kinds = [
        f"aws:amp/{name[0].lower()}{name[1:]}:{name}" for name in ("Workspace", "Scraper", "RuleGroupNamespace", "AlertManagerDefinition")
    ]
    managed = environment(MANAGED)

    assert [len(managed.of(kind)) for kind in kinds] == [1, 1, 1, 1]
    assert not [kind for kind in kinds if graph.of(kind)]
    scraper = managed.one(kinds[1])
    assert len(scraper.inputs["source"]["eks"]["subnetIds"]) == 3
    assert release(managed, "coder-observability")["prometheus"] == {"enabled": False}
    assert release(managed, "coder-observability")["grafana-agent"] == {"enabled": False}


def test_the_observability_chart_is_in_coders_namespace_on_the_control_nodes(graph: Graph):
    """OBS-03."""
    (found,) = [node for node in graph.of(RELEASE) if node.inputs["chart"] == "coder-observability"]
    values = found.inputs["values"]

    assert (found.inputs["namespace"], found.inputs["version"]) == ("coder", "0.6.2")
    parts = [values["grafana"], values["grafana-agent"]["controller"], values["prometheus"]["server"]]
    parts += [values["prometheus"][part] for part in ("alertmanager", "kube-state-metrics")]
    for part in parts:
        assert part["nodeSelector"] == {"coder.com/node-group": "coder-control"}
        assert [each["value"] for each in part["tolerations"]] == ["coder-control"]


def test_what_the_chart_cannot_place_or_the_namespace_refuses_is_off(graph: Graph):
    """T-72: Loki's caches ask for more than a node has; Pod Security refuses host paths; three parts take no toleration."""
    values = release(graph, "coder-observability")

    assert not any(values[part]["enabled"] for part in ("loki", "runbookViewer", "sqlExporter", "tempo"))
    assert not values["prometheus"]["prometheus-node-exporter"]["enabled"]
    assert values["grafana-agent"]["agent"]["mounts"] == {"varlog": False, "dockercontainers": False}
    assert not values["global"]["postgres"]["exporter"]["enabled"]


def test_grafana_downloads_nothing_and_lets_nobody_change_it(graph: Graph):
    grafana = release(graph, "coder-observability")["grafana"]

    assert [name for name, board in grafana["dashboards"]["infra"].items() if board] == ["service-levels"]
    assert grafana["grafana.ini"]["auth.anonymous"] == {"org_role": "Viewer"}


@pytest.mark.parametrize("chart", ["coder", "coder-provisioner"])
def test_coderd_and_provisioners_are_scraped_on_2112(graph: Graph, chart: str):
    """OBS-05, CDR-28, PRV-16."""
    annotations = release(graph, chart)["coder"]["podAnnotations"]

    assert annotations["prometheus.io/scrape"] == "true"
    assert annotations["prometheus.io/port"] == "2112"
    assert {"name": "CODER_PROMETHEUS_ENABLE", "value": "true"} in release(graph, chart)["coder"]["env"]


def test_network_policies_let_the_scrape_through_and_little_else(graph: Graph):
    """OBS-05, EKS-15: the collector's way out, and 2112 in at both ends; the security groups of both tiers."""
    (out,) = [node for node in graph.of(POLICY) if node.inputs["metadata"]["name"] == "coder-observability"]
    to_metrics = [rule for rule in out.inputs["spec"]["egress"] if rule.get("ports", [{}])[0].get("port") == 2112]

    assert [peer.get("namespaceSelector", {}).get("matchLabels") for peer in to_metrics[0]["to"]] == [
        None,
        {"kubernetes.io/metadata.name": "coder-prov"},
    ]
    assert out.inputs["spec"]["ingress"] == [
        {"from": [{"podSelector": {"matchLabels": {"app.kubernetes.io/instance": "coder-observability"}}}]}
    ]
    rules = [node for node in graph.of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule") if node.inputs.get("fromPort") == 2112]
    assert len(rules) == 1


def test_a_managed_collector_reaches_the_pods_from_the_control_subnets():
    """OBS-02, OBS-05."""
    control = ["10.0.48.0/20", "10.0.64.0/20", "10.0.80.0/20"]
    for name in ("coder", "coder-provisioner"):
        (policy,) = [node for node in environment(MANAGED).of(POLICY) if node.inputs["metadata"]["name"] == name]
        (rule,) = [rule for rule in policy.inputs["spec"]["ingress"] if rule.get("ports", [{}])[0].get("port") == 2112]
        assert [peer["ipBlock"]["cidr"] for peer in rule["from"] if "ipBlock" in peer] == control


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("no-healthy-coderd", "critical"),  # OBS-06
        ("no-healthy-coderd-l2", "critical-l2"),
        ("no-healthy-coderd-l3", "critical-l3"),
        ("coderd-missing", "high"),  # OBS-07
        ("coderd-missing-l2", "high-l2"),
        ("certificate-expires", "medium"),  # OBS-08
    ],
)
def test_an_alarm_tells_the_topic_of_its_severity_and_level(graph: Graph, name: str, topic: str):
    """OBS-06 to OBS-08, OBS-26: in ALARM and when it is over."""
    node = alarm(graph, name)

    assert told(graph, node, "alarmActions") == told(graph, node, "okActions") == {f"coder-prod-{topic}"}


def test_the_routing_table_stands_in_the_account(graph: Graph):
    """OBS-06 to OBS-09: as a parameter for programs; what is cosmetic has a topic too."""
    table = json.loads(graph.one("aws:ssm/parameter:Parameter").inputs["value"])

    assert {severity: row["response"] for severity, row in table.items()} == {s.value: route.response for s, route in ROUTES.items()}
    assert [(step["level"], step["afterMinutes"]) for step in table["critical"]["escalation"]] == [("l1", 0), ("l2", 30), ("l3", 60)]
    assert [step["topic"].rpartition("/")[2] for step in table["low"]["escalation"]] == ["us-east-1-low"]


def test_lost_database_connections_are_told_after_three_failures(graph: Graph):
    """OBS-10, DB-13."""
    inputs = alarm(graph, "database-unreachable").inputs

    assert (inputs["namespace"], inputs["metricName"]) == ("AWS/RDS", "DatabaseConnections")
    assert inputs["dimensions"] == {"DBClusterIdentifier": "coder-prod", "Role": "WRITER"}
    assert (inputs["evaluationPeriods"], inputs["datapointsToAlarm"], inputs["treatMissingData"]) == (3, 3, "breaching")


def test_node_groups_that_do_not_scale_are_told(graph: Graph):
    """OBS-11, EKS-30: by number, and by the event of a launch that failed, for this cluster's groups only."""
    inputs = alarm(graph, "nodes-missing-coder-ws-a").inputs
    (judged, *metrics) = inputs["metricQueries"]
    rule = graph.one(RULE, "us-east-1-node-launch-failed")
    pattern = json.loads(rule.inputs["eventPattern"])

    assert judged["expression"] == "wanted - there"
    assert [metric["metric"]["metricName"] for metric in metrics] == ["GroupDesiredCapacity", "GroupInServiceInstances"]
    assert all(metric["metric"]["dimensions"]["AutoScalingGroupName"] for metric in metrics)
    assert pattern["detail-type"] == ["EC2 Instance Launch Unsuccessful"]
    assert len(pattern["detail"]["AutoScalingGroupName"]) == 5
    assert told(graph, graph.one(TARGET, "us-east-1-node-launch-failed"), "arn") == {"coder-prod-high"}


def test_the_certificate_is_told_thirty_days_before(graph: Graph):
    """OBS-12."""
    node = alarm(graph, "certificate-expires")

    assert (node.inputs["metricName"], node.inputs["threshold"], node.inputs["comparisonOperator"]) == (
        "DaysToExpiry",
        30,
        "LessThanOrEqualToThreshold",
    )
    assert "aws:acm/certificateValidation:CertificateValidation" in {found.type for found in graph.reference(node, "dimensions")}


def test_the_provisioner_key_is_told_fourteen_days_before_its_ninety_are_over(graph: Graph):
    """OBS-13, PRV-07, T-60: both count from the day of the token in use."""
    rule = graph.one(RULE, "provisioner-key")

    assert graph.one("coderd:index/provisionerKey:ProvisionerKey").inputs["name"] == "prod-20261121"
    assert rule.inputs["scheduleExpression"] == "cron(0 13 5 2 ? 2027)"
    assert rule.tags()["CreatedAt"] == "2026-11-21"
    assert told(graph, graph.one(TARGET, "provisioner-key"), "arn") == {"coder-prod-medium"}


def test_there_is_no_key_to_renew_on_the_first_visit():
    first = environment(SMALL, 1)

    assert [node.name for node in first.of(RULE)] == ["us-east-1-database-failover", "us-east-1-node-launch-failed"]
    assert first.of(ALARM)


def test_topics_stand_before_the_cluster_is_made(graph: Graph):
    """OBS-14: whoever deploys can tell of a cluster that does not come up, by a topic that is there."""
    cluster = graph.one("eks:index:Cluster")

    assert not [topic for topic in graph.of(TOPIC) if graph.waits_for(topic, cluster)]


def test_control_plane_logs_are_all_on_kept_and_encrypted(graph: Graph):
    """OBS-15, EKS-05."""
    cluster, group = graph.one("eks:index:Cluster"), graph.one(LOG_GROUP, "us-east-1-control-plane")

    assert cluster.inputs["enabledClusterLogTypes"] == ["api", "audit", "authenticator", "controllerManager", "scheduler"]
    assert group.inputs["retentionInDays"] == 90
    assert group.inputs["kmsKeyId"]


def test_the_access_host_is_checked_from_outside_and_its_alarm_is_where_the_metric_is(graph: Graph):
    """OBS-16, DNS-11."""
    node = alarm(graph, "access-host-down")

    assert (node.inputs["namespace"], node.inputs["metricName"]) == ("AWS/Route53", "HealthCheckStatus")
    assert {found.type for found in graph.reference(node, "dimensions")} == {"aws:route53/healthCheck:HealthCheck"}


def test_the_load_balancer_is_watched(graph: Graph):
    """OBS-17: healthy hosts against the declared replicas, failed handshakes as a share."""
    assert alarm(graph, "coderd-missing").inputs["threshold"] == 3
    assert set(alarm(graph, "no-healthy-coderd").inputs["dimensions"]) == {"LoadBalancer", "TargetGroup"}
    assert next(query.get("expression") for query in alarm(graph, "tls-errors").inputs["metricQueries"]).startswith("IF(errors + flows")


def test_metrics_server_is_installed(graph: Graph):
    """OBS-18."""
    assert release(graph, "metrics-server")["replicas"] == 2


def test_the_recommended_set_comes_by_flags(graph: Graph):
    """OBS-19: Prometheus, Grafana and logs of containers are there; what is switched off is not."""
    small = environment(SMALL, 1)

    assert {node.inputs["chart"] for node in graph.of(RELEASE)} >= {"aws-for-fluent-bit", "coder-observability"}
    assert "coder-observability" not in {node.inputs["chart"] for node in small.of(RELEASE)}
    assert not small.of(DASHBOARD)
    assert not small.of(TRAIL)
    assert small.of(ALARM)


def test_dashboards_are_json_with_the_service_levels_on_them(graph: Graph):
    """OBS-20, OBS-22."""
    boards = {node.inputs["dashboardName"]: json.loads(node.inputs["dashboardBody"])["widgets"] for node in graph.of(DASHBOARD)}

    assert sorted(boards) == ["coder-prod-scale-test", "coder-prod-service", "coder-prod-slo"]
    for widgets in boards.values():
        assert all(widget["x"] + widget["width"] <= 24 for widget in widgets)
        assert all(widget["properties"]["metrics"] and widget["properties"]["region"] for widget in widgets if widget["type"] == "metric")
    text = boards["coder-prod-slo"][0]["properties"]["markdown"]
    assert all(figure in text for figure in ("99.9 %", "43.8 minutes", "500 ms", "1 s", "120 s"))
    lines = [
        widget["properties"]["annotations"]["horizontal"][0]["value"]
        for widget in boards["coder-prod-slo"]
        if "annotations" in widget["properties"]
    ]
    assert lines == [99.9, 99.9]


def test_service_levels_that_only_coderd_knows_are_judged_and_shown_by_prometheus(graph: Graph):
    """OBS-20, OBS-22."""
    values = release(graph, "coder-observability")
    files = values["prometheus"]["serverFiles"]
    (group,) = files["alerting_rules.yml"]["groups"]
    panels = {panel["title"] for panel in json.loads(values["grafana"]["dashboards"]["infra"]["service-levels"]["json"])["panels"]}

    assert {rule["alert"] for rule in group["rules"]} >= {"CoderApiP95", "CoderApiP99", "CoderBuildsSlow"}
    assert "/etc/config/alerting_rules.yml" in files["prometheus.yml"]["rule_files"]
    assert {"API requests, P95", "API requests, P99", "Workspace builds, P95"} <= panels


def test_prometheus_tells_the_same_topics(graph: Graph):
    """OBS-26: by the Alertmanager of the chart, with a role that may publish there and nowhere else."""
    config = release(graph, "coder-observability")["prometheus"]["alertmanager"]["config"]
    receivers = {receiver["name"]: receiver["sns_configs"][0]["topic_arn"].rpartition("-")[2] for receiver in config["receivers"]}
    routes = {route["receiver"]: route["matchers"][0] for route in config["route"]["routes"]}
    policy = graph.one("aws:iam/rolePolicy:RolePolicy", "observability-alertmanager")
    tell, encrypt = statements(policy.inputs["policy"])

    assert receivers == {"high": "high", "medium": "medium", "low": "low"}
    for word, severity in CHART_SEVERITIES.items():
        assert word in routes[severity.value]
    assert (tell["Action"], len(tell["Resource"])) == (["sns:Publish"], len(TOPICS))
    assert encrypt["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]


def test_managed_prometheus_tells_them_too():
    """OBS-26."""
    definition = environment(MANAGED).one("aws:amp/alertManagerDefinition:AlertManagerDefinition").inputs["definition"]
    config = json.loads(json.loads(definition)["alertmanager_config"])

    assert {receiver["name"] for receiver in config["receivers"]} == {"high", "medium", "low"}
    assert all(receiver["sns_configs"][0]["sigv4"] == {"region": "us-east-1"} for receiver in config["receivers"])


def test_trail_flow_and_audit_logs_are_kept_and_encrypted(graph: Graph):
    """OBS-21, NET-20, NET-37, CDR-18: section 5 asks for at least 90 days."""
    kept = {node.inputs["name"]: node.inputs["retentionInDays"] for node in graph.of(LOG_GROUP)}
    lifecycle = graph.one("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration").inputs["rules"][0]

    assert min(kept.values()) >= 90
    assert kept["/prod/us-east-1/containers/coder"] == 365
    assert lifecycle["expiration"] == {"days": 365}
    encrypted = [node for node in graph.of(LOG_GROUP) if "rds" not in node.inputs["name"]]
    assert all(node.inputs["kmsKeyId"] for node in encrypted)


def test_the_trail_is_of_every_region_validated_and_its_bucket_is_closed(graph: Graph):
    """NET-37, OBS-21."""
    trail = graph.one(TRAIL)
    bucket, block = graph.one("aws:s3/bucket:Bucket"), graph.one("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
    policy = graph.one("aws:s3/bucketPolicy:BucketPolicy")

    assert trail.inputs["isMultiRegionTrail"]
    assert trail.inputs["enableLogFileValidation"]
    assert trail.inputs["includeGlobalServiceEvents"]
    assert trail.inputs["kmsKeyId"]
    assert graph.waits_for(trail, policy)
    assert bucket.protect
    assert all(block.inputs[key] for key in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"))
    assert graph.one("aws:s3/bucketVersioning:BucketVersioning").inputs["versioningConfiguration"] == {"status": "Enabled"}
    by_name = {statement["Sid"]: statement for statement in statements(policy.inputs["policy"])}
    this_trail = "arn:aws:cloudtrail:us-east-1:123456789012:trail/coder-prod"
    assert by_name["Write"]["Condition"]["StringEquals"]["aws:SourceArn"] == this_trail
    assert by_name["TlsOnly"]["Effect"] == "Deny"


def test_every_container_logs_to_one_of_two_groups(graph: Graph):
    """CDR-18, section 5 Logs: coderd's namespace, with the audit log, is kept for longer."""
    coder = "kube.var.log.containers.coder-5d8f-abc_coder_coder-0123.log"
    others = [
        "kube.var.log.containers.coder-provisioner-7c_coder-prov_coder-01.log",
        "kube.var.log.containers.coder_kube-system_coder_coder-01.log",
        "kube.var.log.containers.aws-node-x_kube-system_aws-node-01.log",
    ]
    values = release(graph, "aws-for-fluent-bit")

    assert re.search(of_namespace("coder"), coder)
    assert not re.search(of_others("coder"), coder)
    assert all(re.search(of_others("coder"), tag) and not re.search(of_namespace("coder"), tag) for tag in others)
    assert re.findall(r"log_group_name (\S+)", values["additionalOutputs"]) == [
        "/prod/us-east-1/containers/coder",
        "/prod/us-east-1/containers/others",
    ]
    assert values["additionalOutputs"].count("auto_create_group false") == 2
    assert not values["cloudWatchLogs"]["enabled"]
    assert values["tolerations"] == [{"operator": "Exists"}]


def test_fluent_bit_may_write_to_its_groups_and_nothing_else(graph: Graph):
    (write,) = statements(graph.one("aws:iam/rolePolicy:RolePolicy", "us-east-1-containers").inputs["policy"])

    assert write["Action"] == ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    assert len(write["Resource"]) == 4
    assert "*" not in write["Resource"]


def test_traces_are_sent_by_flag(graph: Graph):
    """OBS-23."""
    traced = environment(TRACED)
    variables = {entry["name"]: entry.get("value") for entry in release(traced, "coder")["coder"]["env"]}

    assert variables["CODER_TRACE_ENABLE"] == "true"
    assert variables["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://tempo.coder.svc:4317"
    assert release(traced, "coder-observability")["tempo"]["enabled"]
    (policy,) = [node for node in traced.of(POLICY) if node.inputs["metadata"]["name"] == "coder"]
    assert [rule for rule in policy.inputs["spec"]["egress"] if rule.get("ports", [{}])[0].get("port") == 4317]
    assert not [entry for entry in release(graph, "coder")["coder"]["env"] if "TRACE" in entry["name"] or "OTEL" in entry["name"]]


def test_telemetry_to_the_vendor_is_what_the_stack_file_says(graph: Graph):
    """OBS-24."""
    variables = {entry["name"]: entry.get("value") for entry in release(graph, "coder")["coder"]["env"]}

    assert variables["CODER_TELEMETRY_ENABLE"] == "false"


def test_the_budget_counts_what_carries_the_tag_and_tells(graph: Graph):
    """OBS-25."""
    budget = graph.one("aws:budgets/budget:Budget")

    assert (budget.inputs["limitUnit"], budget.inputs["timeUnit"]) == ("USD", "MONTHLY")
    assert float(budget.inputs["limitAmount"]) > 50_000
    assert budget.inputs["costFilters"] == [{"name": "TagKeyValue", "values": ["user:Environment$prod"]}]
    assert [(each["notificationType"], each["threshold"]) for each in budget.inputs["notifications"]] == [
        ("FORECASTED", 100),
        ("ACTUAL", 100),
    ]
    assert told(graph, budget, "notifications") == {"coder-prod-low", "coder-prod-medium"}


def test_no_alarm_is_without_an_action_and_no_rule_without_a_target(graph: Graph):
    """OBS-26."""
    for node in graph.of(ALARM):
        assert told(graph, node, "alarmActions"), node.name
        assert node.inputs.get("actionsEnabled", True)
    targeted = {found.urn for target in graph.of(TARGET) for found in graph.reference(target, "rule")}
    assert {rule.urn for rule in graph.of(RULE)} <= targeted


def test_topics_are_encrypted_and_open_to_this_accounts_services_alone(graph: Graph):
    """OBS-26."""
    topics = graph.of(TOPIC)

    assert sorted(topic.inputs["name"] for topic in topics) == sorted(f"coder-prod-{name}" for name in TOPICS)
    assert all(topic.inputs["kmsMasterKeyId"] for topic in topics)
    for policy in graph.of(TOPIC_POLICY):
        alarms, events = statements(policy.inputs["policy"])
        assert alarms["Principal"]["Service"] == ["aps.amazonaws.com", "budgets.amazonaws.com", "cloudwatch.amazonaws.com"]
        assert alarms["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
        assert events["Principal"]["Service"] == "events.amazonaws.com"


def test_each_level_has_its_people(graph: Graph):
    """OBS-06 to OBS-09: by e-mail; a contact that is a secret's name is the address of a paging service, and stays a secret."""
    people = {node.name.removeprefix("us-east-1-"): node.inputs["endpoint"] for node in graph.of(SUBSCRIPTION)}
    paged = environment(TRACED).one(SUBSCRIPTION, "us-east-1-critical-l3-0")

    assert people["critical-0"] == people["low-0"] == "coder-on-call@example.com"
    assert people["critical-l2-0"] == people["high-l2-0"] == "coder-lead@example.com"
    assert people["critical-l3-0"] == "platform-lead@example.com"
    assert (paged.inputs["protocol"], paged.inputs["endpoint"]) == ("https", "https://pager.example.com/v1")
    assert "endpoint" in paged.secrets


def test_every_alarms_description_ends_in_its_runbook(graph: Graph):
    """DOC-09 to DOC-14."""
    assert all(re.search(r"Runbook: docs/runbooks/alerts\.md#[a-z-]+$", node.inputs["alarmDescription"]) for node in graph.of(ALARM))
