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
  description = "Container image, pinned by digest (TPL-39)."
  type        = string

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image_id))
    error_message = "image_id ends with the digest of the image: name@sha256:… ."
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

variable "network_egress" {
  description = "What the workspace reaches beyond DNS and coderd."
  type        = string

  validation {
    condition     = contains(["none", "https-only", "unrestricted"], var.network_egress)
    error_message = "network_egress is none, https-only or unrestricted."
  }
}

variable "gui_vnc" {
  description = "Whether the workspace has a desktop in the browser."
  type        = bool
}

# What the Coder deployment tells this base.

variable "namespace" {
  description = "Namespace of the workspaces."
  type        = string
}

variable "node_group" {
  description = "Node group of the workspaces: value of the label and the taint coder.com/node-group."
  type        = string
}

variable "service_account" {
  description = "Service account of the workspace pods; the AWS role of workspaces is bound to it (EKS-36)."
  type        = string
}

variable "storage_class" {
  description = "StorageClass of home volumes: encrypted gp3, bound where the pod first runs (EKS-16)."
  type        = string
}

variable "requests" {
  description = "Share of the size that the pod requests of its node; the rest is overcommitted (T-14)."
  type        = object({ cpu = number, memory = number })

  validation {
    condition     = var.requests.cpu > 0 && var.requests.cpu <= 1 && var.requests.memory > 0 && var.requests.memory <= 1
    error_message = "requests are shares of more than 0 and at most 1."
  }
}

variable "coder_namespace" {
  description = "Namespace of coderd."
  type        = string
}

variable "coder_port" {
  description = "Port of coderd's Service and of its pods; both are the same, or the VPC CNI would not match them (T-25)."
  type        = number
}

variable "blocked_cidrs" {
  description = "Ranges that no workspace reaches, whatever its egress: the VPC, with its API server and database."
  type        = list(string)
}
