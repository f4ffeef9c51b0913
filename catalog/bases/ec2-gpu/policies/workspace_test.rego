package base.ec2_test

import data.base.ec2

group := {"ingress": [], "egress": [{"protocol": "tcp", "cidr_blocks": ["0.0.0.0/5", "11.0.0.0/8"]}]}

options := [{"http_endpoint": "enabled", "http_tokens": "required", "http_put_response_hop_limit": 1}]

instance := {"associate_public_ip_address": false, "metadata_options": options, "root_block_device": [{"encrypted": true}]}

template := {"metadata_options": options, "block_device_mappings": [{"ebs": [{"encrypted": "true"}]}]}

made(security, machine_type, machine, extra) := {"blocked_cidrs": ["10.0.0.0/16"], "resources": array.concat(
	[
		{"type": "aws_security_group", "name": "workspace", "values": security},
		{"type": "aws_ebs_volume", "name": "home", "values": {"encrypted": true}},
		{"type": machine_type, "name": "workspace", "values": machine},
	],
	extra,
)}

with_instance(changes) := made(group, "aws_instance", object.union(instance, changes), [])

with_template(changes) := made(group, "aws_launch_template", object.union(template, changes), [])

with_group(changes) := made(object.union(group, changes), "aws_instance", instance, [])

also(resource) := made(group, "aws_instance", instance, [resource])

says(text, plan) if {
	some sentence in ec2.deny with input as plan
	contains(sentence, text)
}

test_an_instance_as_it_is_passes if count(ec2.deny) == 0 with input as with_instance({})

test_a_group_of_one_as_it_is_passes if count(ec2.deny) == 0 with input as with_template({})

test_a_stopped_workspace_passes if {
	count(ec2.deny) == 0 with input as {"resources": array.slice(with_instance({}).resources, 0, 2)}
}

test_nobody_is_let_in if says("lets somebody in", with_group({"ingress": [{"protocol": "tcp", "from_port": 22, "cidr_blocks": ["10.0.0.0/8"]}]}))

test_rules_of_their_own_are_refused if {
	some type in ["aws_security_group_rule", "aws_vpc_security_group_ingress_rule"]
	says("rule of its own", also({"type": type, "name": "x", "values": {}}))
}

test_a_second_group_is_refused if says("no security group of its own", also({"type": "aws_security_group", "name": "x", "values": group}))

test_the_network_of_the_deployment_is_not_reached if {
	says("reaches 10.0.0.0/16", with_group({"egress": [{"protocol": "-1", "cidr_blocks": ["8.0.0.0/6"]}]}))
}

test_ipv6_is_refused if says("IPv6", with_group({"egress": [{"protocol": "-1", "cidr_blocks": [], "ipv6_cidr_blocks": ["::/0"]}]}))

test_metadata_of_version_1_is_refused if {
	says("instance metadata", with_instance({"metadata_options": [object.union(options[0], {"http_tokens": "optional"})]}))
	says("instance metadata", with_template({"metadata_options": [object.union(options[0], {"http_put_response_hop_limit": 2})]}))
	says("instance metadata", with_instance({"metadata_options": []}))
}

test_public_addresses_are_refused if {
	says("public address", with_instance({"associate_public_ip_address": true}))
	says("public address", with_instance({"associate_public_ip_address": null}))
}

test_disks_are_encrypted if {
	says("not encrypted", with_instance({"root_block_device": [{"encrypted": false}]}))
	says("not encrypted", with_template({"block_device_mappings": [{"ebs": [{"encrypted": "false"}]}]}))
}

test_identities_are_refused if says("identity of its own", also({"type": "aws_iam_role", "name": "x", "values": {}}))

test_key_pairs_are_refused if says("key pair", with_instance({"key_name": "admin"}))

test_a_home_on_the_root_disk_is_refused if {
	plan := with_instance({})
	says("no volume of its own", {"resources": [resource | some resource in plan.resources; resource.type != "aws_ebs_volume"]})
}
