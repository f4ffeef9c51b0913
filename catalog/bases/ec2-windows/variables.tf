# Inputs of the contract 1.0, the same for every base.

variable "workspace_id" {
  description = "Id of the workspace; names and isolation go by it, since prebuilt workspaces change their owner (T-82)."
  type        = string
}

variable "workspace_name" {
  description = "Name of the workspace, for labels."
  type        = string
}

variable "owner" {
  description = "User name of the workspace's owner, for annotations only."
  type        = string
}

variable "start_count" {
  description = "1 while the workspace runs, 0 while it is stopped."
  type        = number

  validation {
    condition     = contains([0, 1], var.start_count)
    error_message = "start_count is 0 or 1."
  }
}

variable "compute_profile" {
  description = "Limits of the workspace: vCPUs, memory and the volume of the home directory in Kubernetes' units."
  type        = object({ cpu = number, memory = string, storage = string })

  validation {
    condition     = var.compute_profile.cpu > 0 && can(regex("^[0-9]+[MGT]i$", var.compute_profile.memory)) && can(regex("^[0-9]+[GT]i$", var.compute_profile.storage))
    error_message = "compute_profile needs a positive cpu, and memory and storage such as 8Gi."
  }
}

variable "image_id" {
  description = "Machine image of the region, by its id (TPL-39)."
  type        = string

  validation {
    condition     = can(regex("^ami-[0-9a-f]+$", var.image_id))
    error_message = "image_id is the id of a machine image."
  }
}

variable "agent_id" {
  description = "Id of the workspace's agent, for its apps and scripts."
  type        = string
}

variable "agent_token" {
  description = "Token of the workspace's agent (T-41)."
  type        = string
  sensitive   = true
}

variable "agent_init_script" {
  description = "Script that downloads and starts the agent (T-41)."
  type        = string
  sensitive   = true
}

variable "provenance" {
  description = "What the workspace is made of, shown beside it (Property 15)."
  type        = map(string)
}

variable "instance_types" {
  description = "Instance types that fit the size, the cheapest first."
  type        = list(string)

  validation {
    condition     = length(var.instance_types) > 0
    error_message = "instance_types has at least one type."
  }
}

variable "network_egress" {
  description = "What the workspace reaches beyond DNS and coderd."
  type        = string

  validation {
    condition     = contains(["https-only", "unrestricted"], var.network_egress)
    error_message = "network_egress is https-only or unrestricted."
  }
}

variable "identity_mode" {
  description = "iam: users of the workspace may take the instance's role. Empty: instance metadata is closed to them."
  type        = string
  default     = ""
}

variable "gui_rdp" {
  description = "Whether the workspace has a desktop: Amazon DCV in the browser, or Remote Desktop through a tunnel."
  type        = bool
}

# What the Coder deployment tells this base.

variable "blocked_cidrs" {
  description = "Ranges that no workspace reaches, whatever its egress: the VPC, with its database."
  type        = list(string)
}

variable "instance_profile" {
  description = "Name of the instance profile of workspaces: a role with next to no rights (TPL-10)."
  type        = string
}

variable "machine_tags" {
  description = "Tags that everything made in EC2 must carry at its creation; provisioners may touch nothing else (EKS-24)."
  type        = map(string)
}

variable "region" {
  description = "AWS region of the workspaces."
  type        = string
}

variable "subnet_tags" {
  description = "Tags that find the subnets of workspaces."
  type        = map(string)
}
