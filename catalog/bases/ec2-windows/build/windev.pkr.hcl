# The machine image with Visual Studio 2022 (TPL-02, TPL-05): `packer init . && packer build -var region=<region> .`, then name it in images.yaml
# under windows-2022 with your account as owner. The newest Windows image is asked of AWS; nothing is pinned by id here.
packer {
  required_plugins {
    amazon = { source = "github.com/hashicorp/amazon", version = ">= 1.3.0" }
  }
}

variable "region" { type = string }
variable "instance_type" { type = string }

source "amazon-ebs" "windev" {
  ami_name      = "windev-windows-2022-{{timestamp}}"
  region        = var.region
  instance_type = var.instance_type
  communicator  = "winrm"
  winrm_use_ssl = true
  winrm_insecure = true
  winrm_username = "Administrator"
  user_data_file = "${path.root}/winrm.ps1"

  source_ami_filter {
    owners      = ["amazon"]
    most_recent = true
    filters     = { name = "Windows_Server-2022-English-Full-Base-*", virtualization-type = "hvm" }
  }

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
  }
}

build {
  sources = ["source.amazon-ebs.windev"]

  provisioner "powershell" { script = "${path.root}/../../../toolchains/windev/build/visual-studio.ps1" }
  provisioner "powershell" { inline = ["& 'C:/Program Files/Amazon/EC2Launch/ec2launch.exe' sysprep"] }
}
