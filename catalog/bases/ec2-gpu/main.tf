terraform {
  required_providers {
    aws   = { source = "hashicorp/aws" }
    coder = { source = "coder/coder" }
  }
}

locals {
  name = "workspace-${var.workspace_id}"
  home = "/home/coder"

  # The same on everything that is made: provisioners may touch nothing else (EKS-24), and the volume and the instance agree about them
  tags = merge(var.machine_tags, {
    Name                     = local.name
    "com.coder.workspace.id" = var.workspace_id
  })

  # GPUs are scarce: the first start takes any zone that has one, and makes the volume there; later ones stay with the volume, which never
  # leaves its zone, and try the types (TPL-40, PRV-13). To move, the workspace is made anew.
  homes   = data.aws_ebs_volumes.home.ids
  zone    = length(local.homes) > 0 ? data.aws_ebs_volume.home[local.homes[0]].availability_zone : ""
  subnets = [for subnet in values(data.aws_subnet.workspace) : subnet.id if contains(["", subnet.availability_zone], local.zone)]

  storage_gib = tonumber(trimsuffix(trimsuffix(var.compute_profile.storage, "Gi"), "Ti")) * lookup({ Gi = 1, Ti = 1024 }, substr(var.compute_profile.storage, -2, 2), 1)
}

data "coder_workspace" "me" {}

data "aws_subnets" "workspace" {
  tags = var.subnet_tags
}

data "aws_subnet" "workspace" {
  for_each = toset(data.aws_subnets.workspace.ids)
  id       = each.value
}

data "aws_ami" "workspace" {
  filter {
    name   = "image-id"
    values = [var.image_id]
  }
}

# By its own tag: the resource below can't be asked, since its zone follows the instance
data "aws_ebs_volumes" "home" {
  tags = { "com.coder.workspace.home" = var.workspace_id }
}

data "aws_ebs_volume" "home" {
  for_each = toset(data.aws_ebs_volumes.home.ids)

  filter {
    name   = "volume-id"
    values = [each.value]
  }
}

# Survives every stop. A later size or version of the template never replaces it (TPL-33).
resource "aws_ebs_volume" "home" {
  availability_zone = try(data.aws_instance.workspace[0].availability_zone, local.zone)
  size              = local.storage_gib
  type              = "gp3"
  encrypted         = true
  tags              = merge(local.tags, { "com.coder.workspace.home" = var.workspace_id })

  lifecycle {
    ignore_changes = all
  }
}

# In: nobody, other workspaces least of all; desktops go through coderd's tunnel (NET-29, T-45). Out: what the egress mode grants.
# DNS is AWS's resolver, which no security group filters.
resource "aws_security_group" "workspace" {
  name        = local.name
  description = "One workspace: nothing in"
  vpc_id      = values(data.aws_subnet.workspace)[0].vpc_id
  ingress     = [] # written out, so that a rule made by hand is taken away
  tags        = local.tags

  dynamic "egress" {
    for_each = local.egress_rules[var.network_egress]

    content {
      description = var.network_egress
      protocol    = egress.value.protocol
      from_port   = egress.value.from_port
      to_port     = egress.value.to_port
      cidr_blocks = local.reachable
    }
  }
}

resource "aws_launch_template" "workspace" {
  count                  = var.start_count
  name                   = local.name
  image_id               = var.image_id
  vpc_security_group_ids = [aws_security_group.workspace.id]
  update_default_version = true
  tags                   = local.tags

  user_data = base64encode(join("\n", [
    "#!/bin/bash",
    "export HOME_DIRECTORY='${local.home}' GUI_VNC='false' METADATA='${var.identity_mode == "iam"}'",
    "export AGENT_TOKEN='${var.agent_token}' AGENT_INIT='${base64encode(var.agent_init_script)}'",
    file("${path.module}/user-data.sh"),
  ]))

  iam_instance_profile {
    name = var.instance_profile
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = data.aws_ami.workspace.root_device_name # Ubuntu and Amazon Linux name it differently

    ebs {
      volume_type           = "gp3"
      volume_size           = 150 # GiB: the machine image alone has more than 60 (driver, toolkits), and packages are unpacked here
      encrypted             = "true"
      delete_on_termination = "true"
    }
  }

  dynamic "tag_specifications" {
    for_each = ["instance", "volume"]

    content {
      resource_type = tag_specifications.value
      tags          = local.tags
    }
  }
}

# A group of one: EC2 tries each type in each zone, in order, until one has room (TPL-40). Gone while the workspace is stopped (TPL-33).
resource "aws_autoscaling_group" "workspace" {
  count                     = var.start_count
  name                      = local.name
  min_size                  = 1
  max_size                  = 1
  desired_capacity          = 1
  vpc_zone_identifier       = local.subnets
  wait_for_capacity_timeout = "10m" # twice what a GPU takes to be found (TPL-12)
  force_delete              = true

  # It finds the instance and leaves it alone afterwards: another one would stand there without the home
  suspended_processes = ["AZRebalance", "HealthCheck", "ReplaceUnhealthy"]

  mixed_instances_policy {
    instances_distribution {
      on_demand_allocation_strategy            = "prioritized"
      on_demand_percentage_above_base_capacity = 100
    }

    launch_template {
      launch_template_specification {
        launch_template_id = aws_launch_template.workspace[0].id
        version            = aws_launch_template.workspace[0].latest_version
      }

      dynamic "override" {
        for_each = var.instance_types

        content {
          instance_type = override.value
        }
      }
    }
  }

  dynamic "tag" {
    for_each = local.tags

    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = false # the launch template tags what it starts
    }
  }
}

data "aws_instances" "workspace" {
  count                = var.start_count
  instance_state_names = ["pending", "running"]
  instance_tags        = { "aws:autoscaling:groupName" = aws_autoscaling_group.workspace[0].name }
}

data "aws_instance" "workspace" {
  count       = var.start_count
  instance_id = data.aws_instances.workspace[0].ids[0]
}

resource "aws_volume_attachment" "home" {
  count                          = var.start_count
  device_name                    = "/dev/sdf"
  volume_id                      = aws_ebs_volume.home.id
  instance_id                    = data.aws_instance.workspace[0].id
  stop_instance_before_detaching = true # an unmounted file system is a whole one; on deletion the volume goes before the group
}

resource "coder_metadata" "workspace" {
  count       = var.start_count
  resource_id = aws_autoscaling_group.workspace[0].id

  item {
    key   = "instance types"
    value = join(", ", var.instance_types)
  }
  item {
    key   = "longest start"
    value = "5 minutes, while a GPU is found"
  }
  dynamic "item" {
    for_each = var.provenance

    content {
      key   = item.key
      value = item.value
    }
  }
}

# One credit a workspace, running or stopped: a group's allowance is the number of workspaces that a member may have (CDR-17).
resource "coder_metadata" "home" {
  resource_id = aws_ebs_volume.home.id
  daily_cost  = 1

  item {
    key   = "size"
    value = var.compute_profile.storage
  }
}
