variable "internal_sdks" {
  description = "Archives of the organisation's own SDKs, unpacked to %USERPROFILE%\\.local\\share\\windev\\<name>."
  type        = list(object({ name = string, url = string, sha256 = string }))
  default     = []

  validation {
    condition     = alltrue([for sdk in var.internal_sdks : can(regex("^[a-z0-9-]+$", sdk.name)) && can(regex("^https://[^ ]+\\.zip$", sdk.url)) && can(regex("^[0-9a-f]{64}$", sdk.sha256))])
    error_message = "Each internal SDK needs a name of lower-case letters, digits and hyphens, an https:// URL of a .zip, and its SHA-256."
  }
}

variable "mirror" {
  description = "Base URL of a mirror of the publishers' hosts, such as https://mirror.example.com; none: the publishers themselves."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(https?://[A-Za-z0-9.:/_-]+)?$", var.mirror))
    error_message = "mirror is a URL such as https://mirror.example.com, or empty."
  }
}
