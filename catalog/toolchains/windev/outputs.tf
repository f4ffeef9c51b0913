locals {
  manifest = yamldecode(file("${path.module}/toolchain.yaml"))
  listed   = concat(local.manifest.toolchain.languages, local.manifest.toolchain.tools, local.manifest.toolchain.libraries)
  versions = [for item in local.listed : format("$%sVersion = '%s'", replace(title(replace(item.name, "-", " ")), " ", ""), item.version)]
  sdks     = join(", ", [for sdk in var.internal_sdks : "@{ Name = '${sdk.name}'; Url = '${sdk.url}'; Sum = '${sdk.sha256}' }"])
}

output "bootstrap_script" {
  description = "Installs what the manifest lists; run by the agent at each start, it does nothing where all is there."
  value = join("\n", concat(
    local.versions,
    ["$Mirror = '${var.mirror}'; $InternalSdks = @(${local.sdks})"],
    [file("${path.module}/bootstrap/install.ps1")],
  ))
}

output "runtime_env" {
  description = "Nothing: the bootstrap script puts the tools on the user's own PATH, since agents on Windows expand no variables."
  value       = {}
}
