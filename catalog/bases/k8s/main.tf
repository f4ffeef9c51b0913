terraform {
  required_providers {
    coder      = { source = "coder/coder" }
    kubernetes = { source = "hashicorp/kubernetes" }
  }
}

locals {
  name = "workspace-${var.workspace_id}"
  home = "home-${var.workspace_id}"

  selector = {
    "app.kubernetes.io/name" = "coder-workspace"
    "com.coder.workspace.id" = var.workspace_id
  }
  labels = merge(local.selector, {
    "app.kubernetes.io/part-of" = "coder"
    "com.coder.workspace.name"  = var.workspace_name
  })

  # As MiB: a share of 4Gi is rarely a whole number of Gi
  memory_mib = tonumber(trimsuffix(trimsuffix(trimsuffix(var.compute_profile.memory, "Mi"), "Gi"), "Ti")) * lookup(
    { Mi = 1, Gi = 1024, Ti = 1048576 }, substr(var.compute_profile.memory, -2, 2), 1
  )
}

# Survives every stop. A later size or version of the template never replaces it (TPL-33).
resource "kubernetes_persistent_volume_claim_v1" "home" {
  wait_until_bound = false # the volume is made in the zone where the pod first runs

  metadata {
    name      = local.home
    namespace = var.namespace
    labels    = local.labels
  }

  spec {
    access_modes       = ["ReadWriteOnce"]
    storage_class_name = var.storage_class

    resources {
      requests = { storage = var.compute_profile.storage }
    }
  }

  lifecycle {
    ignore_changes = all
  }
}

# In: nobody, other workspaces least of all. Out: DNS, coderd, and what the egress mode grants (Property 3, TPL-31, TPL-32).
# It stands while the workspace is stopped as well, so that no pod ever runs without it.
resource "kubernetes_network_policy_v1" "workspace" {
  metadata {
    name      = local.name
    namespace = var.namespace
    labels    = local.labels
  }

  spec {
    policy_types = ["Ingress", "Egress"]

    pod_selector {
      match_labels = local.selector
    }

    egress {
      to {
        namespace_selector {
          match_labels = { "kubernetes.io/metadata.name" = "kube-system" }
        }
        pod_selector {
          match_labels = { "k8s-app" = "kube-dns" }
        }
      }
      ports {
        port     = "53"
        protocol = "UDP"
      }
      ports {
        port     = "53"
        protocol = "TCP"
      }
    }

    egress {
      to {
        namespace_selector {
          match_labels = { "kubernetes.io/metadata.name" = var.coder_namespace }
        }
        pod_selector {
          match_labels = { "app.kubernetes.io/name" = "coder" }
        }
      }
      ports {
        port     = tostring(var.coder_port)
        protocol = "TCP"
      }
    }

    dynamic "egress" {
      for_each = length(local.egress_ports[var.network_egress]) > 0 ? [local.egress_ports[var.network_egress]] : []

      content {
        to {
          ip_block {
            cidr   = "0.0.0.0/0"
            except = local.unreachable
          }
        }
        dynamic "ports" {
          for_each = egress.value

          content {
            port     = ports.value.port
            protocol = ports.value.protocol
          }
        }
      }
    }
  }
}

# A Deployment, since the VPC CNI enforces network policy on pods of one only (T-25, TPL-37). Gone while the workspace is stopped (TPL-33).
resource "kubernetes_deployment_v1" "workspace" {
  count            = var.start_count
  wait_for_rollout = false # the agent's connection tells when the workspace is ready; a node may have to be started first (PRV-18)
  depends_on       = [kubernetes_network_policy_v1.workspace]

  metadata {
    name        = local.name
    namespace   = var.namespace
    labels      = local.labels
    annotations = { "com.coder.workspace.owner" = var.owner }
  }

  spec {
    replicas = 1

    selector {
      match_labels = local.selector
    }

    strategy {
      type = "Recreate" # a volume that one node holds can't serve two pods
    }

    template {
      metadata {
        labels = local.labels
        annotations = { # nobody's work is evicted (T-83), by neither autoscaler
          "cluster-autoscaler.kubernetes.io/safe-to-evict" = "false"
          "karpenter.sh/do-not-disrupt"                    = "true"
        }
      }

      spec {
        service_account_name             = var.service_account
        automount_service_account_token  = false
        enable_service_links             = false
        termination_grace_period_seconds = 60

        node_selector = {
          "coder.com/node-group" = var.node_group
          "kubernetes.io/arch"   = local.manifest.arch # the agent's and the image's (TPL-48)
        }

        toleration {
          key      = "coder.com/node-group"
          operator = "Equal"
          value    = var.node_group
          effect   = "NoSchedule"
        }

        security_context {
          run_as_non_root = true
          run_as_user     = 1000
          run_as_group    = 1000
          fs_group        = 1000

          seccomp_profile {
            type = "RuntimeDefault"
          }
        }

        container {
          name              = "workspace"
          image             = var.image_id
          image_pull_policy = "IfNotPresent"
          command           = ["sh", "-c", var.agent_init_script]

          env {
            name  = "CODER_AGENT_TOKEN"
            value = var.agent_token
          }

          resources {
            requests = {
              cpu    = "${max(1, floor(var.compute_profile.cpu * var.requests.cpu * 1000))}m"
              memory = "${max(1, floor(local.memory_mib * var.requests.memory))}Mi"
            }
            limits = {
              cpu    = tostring(var.compute_profile.cpu)
              memory = var.compute_profile.memory
            }
          }

          # No root, no host, no socket: `docker` talks to remote daemons only (TPL-38)
          security_context {
            allow_privilege_escalation = false
            privileged                 = false

            capabilities {
              drop = ["ALL"]
            }
          }

          volume_mount {
            name       = "home"
            mount_path = "/home/coder"
          }
        }

        # The desktop shares the home, so that what is installed there runs in both, and the network, so that the agent's tunnel finds it.
        # It asks for a password that nobody can guess and nobody is told: its own page is behind coderd, which has asked already.
        dynamic "container" {
          for_each = var.gui_vnc ? [local.desktop_image] : []

          content {
            name              = "desktop"
            image             = container.value
            image_pull_policy = "IfNotPresent"

            env {
              name  = "VNCOPTIONS"
              value = "-disableBasicAuth"
            }
            env {
              name  = "VNC_PW"
              value = sha256("${var.workspace_id} ${var.agent_token}")
            }

            resources {
              requests = { cpu = "100m", memory = "256Mi" }
              limits   = { cpu = "1", memory = "2Gi" }
            }

            security_context {
              allow_privilege_escalation = false
              privileged                 = false

              capabilities {
                drop = ["ALL"]
              }
            }

            volume_mount {
              name       = "home"
              mount_path = "/home/coder"
            }
          }
        }

        volume {
          name = "home"

          persistent_volume_claim {
            claim_name = kubernetes_persistent_volume_claim_v1.home.metadata[0].name
          }
        }
      }
    }
  }
}

resource "coder_metadata" "workspace" {
  count       = var.start_count
  resource_id = kubernetes_deployment_v1.workspace[0].id

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
  resource_id = kubernetes_persistent_volume_claim_v1.home.id
  daily_cost  = 1

  item {
    key   = "size"
    value = var.compute_profile.storage
  }
}

# Nothing else reaches it: the network policy lets nobody in. The port is TLS with a certificate of its own, inside the pod.
resource "coder_app" "desktop" {
  count        = var.gui_vnc ? var.start_count : 0
  agent_id     = var.agent_id
  slug         = "desktop"
  display_name = "Desktop"
  icon         = "/icon/kasmvnc.svg"
  url          = "https://localhost:6901"
  subdomain    = true
  share        = "owner"
}
