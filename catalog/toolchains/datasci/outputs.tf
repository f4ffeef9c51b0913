locals {
  manifest = yamldecode(file("${path.module}/toolchain.yaml"))
  listed   = concat(local.manifest.toolchain.languages, local.manifest.toolchain.tools, local.manifest.toolchain.libraries)
  versions = [for item in local.listed : "export ${upper(replace(item.name, "-", "_"))}_VERSION='${item.version}'"]
  ports    = [for app in local.manifest.apps : "export ${upper(replace(app.name, "-", "_"))}_PORT='${app.port}'"]
  sdks     = join("\n", [for sdk in var.internal_sdks : "${sdk.name} ${sdk.url} ${sdk.sha256}"])
}

output "bootstrap_script" {
  description = "Installs what the manifest lists; run by the agent at each start, it does nothing where all is there."
  value = join("\n", concat(
    ["#!/bin/bash"],
    local.versions,
    local.ports,
    ["export TOOLCHAIN='datasci' TOOLCHAIN_MIRROR='${var.mirror}' TOOLCHAIN_SDKS='${local.sdks}'",
    "export REQUIREMENTS='${base64encode(file("${path.module}/bootstrap/requirements.txt"))}'"],
    [file("${path.module}/bootstrap/library.sh"), file("${path.module}/bootstrap/install.sh")],
  ))
}

output "runtime_env" {
  description = "The agent expands variables, so that the installed tools come first."
  value       = { PATH = "$HOME/.local/bin:$PATH" }
}
