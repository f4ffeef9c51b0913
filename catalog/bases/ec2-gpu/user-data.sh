#!/bin/bash
# Makes a new instance a workspace: the user `coder` without any right of root, the home volume, the agent as a service, KasmVNC if asked.
# Runs once, as root, by cloud-init; the log is /var/log/workspace.log. Ends with 1 where the workspace can't be had.
set -euo pipefail

: "${HOME_DIRECTORY:?}" "${AGENT_TOKEN:?}" "${AGENT_INIT:?}" "${GUI_VNC:?}" "${METADATA:?}"

KASMVNC_VERSION=1.4.0 # the newest release of github.com/kasmtech/KasmVNC, as public installers pin it; read 2026-11-21
USER_ID=1100          # the same on every image: what lies on the volume keeps its owner

umask 022
exec >>/var/log/workspace.log 2>&1
chmod 0600 /var/log/workspace.log

say() { echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) workspace: $*"; }

make_user() {
  id coder >/dev/null 2>&1 || useradd --uid "$USER_ID" --user-group --no-create-home --home-dir "$HOME_DIRECTORY" --shell /bin/bash coder
}

# home_device: the one EBS disk beside the root disk; Terraform attaches it while this runs
home_device() {
  local root disk
  root=$(lsblk --noheadings --output PKNAME "$(findmnt --noheadings --output SOURCE /)" | head -n 1)
  for disk in $(lsblk --noheadings --nodeps --output NAME,TYPE | awk '$2 == "disk" { print $1 }'); do
    if [[ $disk != "$root" && $(cat "/sys/block/$disk/device/model" 2>/dev/null) == "Amazon Elastic Block Store"* ]]; then
      echo "/dev/$disk"
      return
    fi
  done
  return 1
}

mount_home() {
  local device waited=0
  until device=$(home_device); do
    if ((waited >= 600)); then say "no home volume after $waited seconds" && return 1; fi
    sleep 5
    waited=$((waited + 5))
  done
  if ! blkid "$device" >/dev/null; then
    say "$device is new: making a file system"
    mkfs.ext4 -q -L home "$device"
  fi
  mkdir -p "$HOME_DIRECTORY"
  echo "LABEL=home $HOME_DIRECTORY ext4 defaults,nodev,nosuid,nofail 0 2" >>/etc/fstab
  mount "$HOME_DIRECTORY"
  resize2fs "$device"
  if [[ ! -e $HOME_DIRECTORY/.bashrc ]]; then cp -r /etc/skel/. "$HOME_DIRECTORY/"; fi
  chown -R --from=root:root coder:coder "$HOME_DIRECTORY"
  chown coder:coder "$HOME_DIRECTORY"
  chmod 0750 "$HOME_DIRECTORY"
}

# People come in through coderd only; instance metadata is root's, unless the workspace asked for the instance's role
harden() {
  systemctl disable --now ssh.service ssh.socket sshd.service 2>/dev/null || true
  passwd --lock root >/dev/null
  if [[ $METADATA != true ]]; then
    cat >/etc/systemd/system/metadata-closed.service <<'UNIT'
[Unit]
Description=Instance metadata is closed to users
Before=network-online.target coder-agent.service
[Service]
Type=oneshot
RemainAfterExit=true
ExecStart=/bin/sh -c 'nft add table inet workspace && nft add chain inet workspace output "{ type filter hook output priority 0; }" && nft add rule inet workspace output ip daddr 169.254.169.254 meta skuid != 0 drop'
[Install]
WantedBy=multi-user.target
UNIT
    systemctl daemon-reload
    systemctl enable --now metadata-closed.service
  fi
}

install_packages() {
  if command -v dnf >/dev/null; then
    dnf install -y -q git tar gzip unzip nftables
  else
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q
    apt-get install -y -q --no-install-recommends curl git unzip nftables
  fi
}

# kasmvnc_package: its file name for this system
kasmvnc_package() {
  # shellcheck disable=SC1091 # a file of the system
  . /etc/os-release
  case "$ID-$VERSION_ID" in
    ubuntu-22.04) echo "kasmvncserver_jammy_${KASMVNC_VERSION}_amd64.deb" ;;
    ubuntu-24.04) echo "kasmvncserver_noble_${KASMVNC_VERSION}_amd64.deb" ;;
    *) return 1 ;;
  esac
}

# The publisher lists the sum of each file in its release: GitHub computes it when the file is uploaded
install_kasmvnc() {
  local package sum folder
  package=$(kasmvnc_package) || { say "KasmVNC has no package for this system; choose an Ubuntu image" && return 1; }
  folder=$(mktemp -d)
  apt-get install -y -q --no-install-recommends jq xfce4 xfce4-terminal dbus-x11
  curl --fail --silent --show-error --location --retry 3 --output "$folder/release.json" \
    "https://api.github.com/repos/kasmtech/KasmVNC/releases/tags/v$KASMVNC_VERSION"
  sum=$(jq -r --arg name "$package" '.assets[] | select(.name == $name) | .digest' "$folder/release.json")
  curl --fail --silent --show-error --location --retry 3 --output "$folder/$package" \
    "https://github.com/kasmtech/KasmVNC/releases/download/v$KASMVNC_VERSION/$package"
  if [[ $sum != sha256:* ]] || ! echo "${sum#sha256:}  $folder/$package" | sha256sum --check --status; then
    say "$package is not the file that its publisher lists; it was not installed"
    return 1
  fi
  apt-get install -y -q "$folder/$package"
  usermod --append --groups ssl-cert coder
  rm -rf "$folder"
}

start_agent() {
  install -d -m 0700 /opt/coder
  base64 --decode <<<"$AGENT_INIT" >/opt/coder/init
  printf 'CODER_AGENT_TOKEN=%s\n' "$AGENT_TOKEN" >/opt/coder/agent.env
  chmod 0755 /opt/coder /opt/coder/init
  chmod 0600 /opt/coder/agent.env
  cat >/etc/systemd/system/coder-agent.service <<UNIT
[Unit]
Description=Coder agent
After=network-online.target
Wants=network-online.target
RequiresMountsFor=$HOME_DIRECTORY
[Service]
User=coder
WorkingDirectory=$HOME_DIRECTORY
EnvironmentFile=/opt/coder/agent.env
ExecStart=/opt/coder/init
Restart=always
RestartSec=10
TimeoutStopSec=90
KillMode=process
OOMScoreAdjust=-900
NoNewPrivileges=true
[Install]
WantedBy=multi-user.target
UNIT
  systemctl daemon-reload
  systemctl enable --now coder-agent.service
}

make_user
mount_home
install_packages
harden # before anybody is in
start_agent
if [[ $GUI_VNC == true ]]; then install_kasmvnc; fi
say "complete"
