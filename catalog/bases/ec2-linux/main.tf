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

  # A zone for each workspace, spread by its id; afterwards it is the volume's (a volume never leaves its zone)
  spread = parseint(substr(replace(var.workspace_id, "-", ""), 0, 8), 16)
  subnet = sort(data.aws_subnets.workspace.ids)[local.spread % length(data.aws_subnets.workspace.ids)]
  here   = [for subnet in values(data.aws_subnet.workspace) : subnet.id if subnet.availability_zone == aws_ebs_volume.home.availability_zone]

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

# Survives every stop. A later size or version of the template never replaces it (TPL-33).
resource "aws_ebs_volume" "home" {
  availability_zone = data.aws_subnet.workspace[local.subnet].availability_zone
  size              = local.storage_gib
  type              = "gp3"
  encrypted         = true
  tags              = local.tags

  lifecycle {
    ignore_changes = all
  }
}

# In: nobody, other workspaces least of all; desktops go through coderd's tunnel (NET-29, T-45). Out: what the egress mode grants.
# DNS is AWS's resolver, which no security group filters.
resource "aws_security_group" "workspace" {
  name        = local.name
  description = "One workspace: nothing in"
  vpc_id      = data.aws_subnet.workspace[local.subnet].vpc_id
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

# Gone while the workspace is stopped (TPL-33): nothing of a user's is on it but the volume.
resource "aws_instance" "workspace" {
  count                       = var.start_count
  ami                         = var.image_id
  instance_type               = var.instance_types[0] # the cheapest that fits
  subnet_id                   = local.here[0]
  vpc_security_group_ids      = [aws_security_group.workspace.id]
  associate_public_ip_address = false
  iam_instance_profile        = var.instance_profile
  user_data_replace_on_change = true
  tags                        = local.tags
  volume_tags                 = local.tags

  user_data = join("\n", [
    "#!/bin/bash",
    "export HOME_DIRECTORY='${local.home}' GUI_VNC='${var.gui_vnc}' METADATA='${var.identity_mode == "iam"}'",
    "export AGENT_TOKEN='${var.agent_token}' AGENT_INIT='${base64encode(var.agent_init_script)}'",
    file("${path.module}/user-data.sh"),
  ])

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    volume_type           = "gp3"
    volume_size           = 40 # GiB: the system and what its packages unpack; the home is elsewhere
    encrypted             = true
    delete_on_termination = true
  }
}

resource "aws_volume_attachment" "home" {
  count                          = var.start_count
  device_name                    = "/dev/sdf"
  volume_id                      = aws_ebs_volume.home.id
  instance_id                    = aws_instance.workspace[0].id
  stop_instance_before_detaching = true # an unmounted file system is a whole one
}

resource "coder_metadata" "workspace" {
  count       = var.start_count
  resource_id = aws_instance.workspace[0].id

  item {
    key   = "instance type"
    value = var.instance_types[0]
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

# The desktop listens on loopback only; coderd's tunnel is the way in (TPL-10, NET-29).
resource "coder_app" "desktop" {
  count        = var.gui_vnc ? var.start_count : 0
  agent_id     = var.agent_id
  slug         = "desktop"
  display_name = "Desktop"
  icon         = "/icon/kasmvnc.svg"
  url          = "http://localhost:6901"
  subdomain    = true
  share        = "owner"
}

resource "coder_script" "desktop" {
  count        = var.gui_vnc ? var.start_count : 0
  agent_id     = var.agent_id
  display_name = "Desktop"
  icon         = "/icon/kasmvnc.svg"
  run_on_start = true
  timeout      = 600 # seconds; the first start waits for the package
  script       = file("${path.module}/desktop.sh")
}
