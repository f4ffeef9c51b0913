# What a plan of this base must keep, whatever was overridden (Property 16): isolation, closed metadata, encryption, no identity of its own.
# input.resources: of `tofu show -json`, each with type, name and values; blocks are lists there.
package base.ec2

of(type) := [resource.values | some resource in input.resources; resource.type == type]

# A launch template says of its instances what an instance says of itself
machines := array.concat(of("aws_instance"), of("aws_launch_template"))

deny contains "a security group lets somebody in (NET-29)" if {
	some group in of("aws_security_group")
	count(object.get(group, "ingress", [])) > 0
}

deny contains "a rule of its own opens a security group (NET-29)" if {
	some resource in input.resources
	resource.type in {"aws_security_group_rule", "aws_vpc_security_group_ingress_rule"}
}

deny contains "the workspace has no security group of its own (T-45)" if {
	count(machines) > 0
	count(of("aws_security_group")) != 1
}

deny contains "a rule grants IPv6, which no range closes (NET-29)" if {
	some group in of("aws_security_group")
	some rule in group.egress
	count(object.get(rule, "ipv6_cidr_blocks", [])) > 0
}

deny contains sprintf("a rule of the security group grants %s, which reaches %s (Property 3)", [cidr, blocked]) if {
	some group in of("aws_security_group")
	some rule in group.egress
	some cidr in rule.cidr_blocks
	some blocked in object.get(input, "blocked_cidrs", [])
	net.cidr_intersects(cidr, blocked)
}

deny contains "instance metadata is open to version 1 or to containers (EKS-32)" if {
	some machine in machines
	not closed(machine)
}

closed(machine) if {
	some options in machine.metadata_options
	options.http_tokens == "required"
	options.http_put_response_hop_limit == 1
}

deny contains "the instance has a public address (NET-29)" if {
	some instance in of("aws_instance")
	object.get(instance, "associate_public_ip_address", null) != false
}

deny contains "a disk is not encrypted" if {
	some disk in disks
	not disk.encrypted in {true, "true"}
}

disks contains volume if some volume in of("aws_ebs_volume")

disks contains disk if {
	some instance in of("aws_instance")
	some disk in instance.root_block_device
}

disks contains disk if {
	some template in of("aws_launch_template")
	some mapping in template.block_device_mappings
	some disk in mapping.ebs
}

deny contains "the workspace makes an identity of its own; take the instance profile that the deployment gives (TPL-10)" if {
	some resource in input.resources
	startswith(resource.type, "aws_iam_")
}

deny contains "the home is no volume of its own (TPL-33)" if {
	count(machines) > 0
	count(of("aws_ebs_volume")) != 1
}

deny contains "a key pair opens a way in beside coderd (Property 9)" if {
	some machine in machines
	not object.get(machine, "key_name", null) in {null, ""}
}
