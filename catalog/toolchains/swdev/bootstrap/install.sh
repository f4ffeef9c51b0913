#!/bin/bash
# Installs the tools of toolchain.yaml below ~/.local, without root (TPL-38), each checked against its publisher's checksum file.
# Versions come as <NAME>_VERSION; what is installed already is left alone. Ends with 1 and names what failed, after trying all.
set -uo pipefail

: "${GO_VERSION:?}" "${NODE_VERSION:?}" "${PYTHON_VERSION:?}" "${TERRAFORM_VERSION:?}" "${KUBECTL_VERSION:?}" "${GH_VERSION:?}" "${DOCKER_CLI_VERSION:?}"

SHARE="$HOME/.local/share/swdev"
BIN="$HOME/.local/bin"
LOG="$HOME/.local/state/swdev/bootstrap.log"
mkdir -p "$SHARE" "$BIN" "$(dirname "$LOG")"
exec > >(tee -a "$LOG") 2>&1
TEMPORARY=$(mktemp -d)
trap 'rm -rf "$TEMPORARY"' EXIT

case "$(uname -m)" in
  x86_64) ARCH=amd64 NODE_ARCH=x64 TRIPLE=x86_64-unknown-linux-gnu ;;
  aarch64) ARCH=arm64 NODE_ARCH=arm64 TRIPLE=aarch64-unknown-linux-gnu ;;
  *) echo "bootstrap: no tools are published for $(uname -m)" && exit 1 ;;
esac

say() { echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) bootstrap: $*"; }

# fetch URL FILE: from the publisher, or from the mirror, whose paths begin with the publisher's host
fetch() {
  local url=$1
  if [[ -n ${SWDEV_MIRROR:-} ]]; then url="${SWDEV_MIRROR%/}/${1#https://}"; fi
  curl --fail --silent --show-error --location --retry 3 --output "$2" "$url" || { say "cannot download $url"; return 1; }
}

# verify FILE SHA256: the sum is the publisher's; none, or another one, is a failure
verify() {
  if [[ ! $2 =~ ^[0-9a-f]{64}$ ]]; then say "the publisher's checksum file does not list $(basename "$1")"; return 1; fi
  echo "$2  $1" | sha256sum --check --status || { say "$(basename "$1") is not the file that its publisher lists; it was not installed"; return 1; }
}

# listed SUMS FILE: the sum that a publisher's list of "sum  file" lines gives a file
listed() { awk -v file="$2" '{ name = $2; sub(/^\*/, "", name) } name == file { print $1; exit }' "$1"; }

# download URL SUMS_URL: leaves the verified file in $TEMPORARY and prints its path
download() {
  local file sums sum
  file="$TEMPORARY/$(basename "$1")" sums="$TEMPORARY/sums"
  fetch "$1" "$file" >&2 && fetch "$2" "$sums" >&2 || return 1
  if [[ $(wc -w <"$sums") -eq 1 ]]; then sum=$(tr -d '[:space:]' <"$sums"); else sum=$(listed "$sums" "$(basename "$1")"); fi
  verify "$file" "$sum" >&2 && echo "$file"
}

# into FOLDER: moves what was unpacked to its place at once, so that an interrupted run leaves no half of it
into() { mkdir -p "$(dirname "$1")" && rm -rf "$1" && mv "$TEMPORARY/unpacked" "$1"; }

unpack() { rm -rf "$TEMPORARY/unpacked" && mkdir "$TEMPORARY/unpacked" && tar -xzf "$1" -C "$TEMPORARY/unpacked" --strip-components=1; }

link() {
  local program
  for program in "$@"; do ln -sfn "$program" "$BIN/$(basename "$program")" || return 1; done
}

install_go() {
  local url="https://dl.google.com/go/go$GO_VERSION.linux-$ARCH.tar.gz" file
  file=$(download "$url" "$url.sha256") && unpack "$file" && into "$1" && link "$1/bin/go" "$1/bin/gofmt"
}

install_node() {
  local release="https://nodejs.org/dist/v$NODE_VERSION" file
  file=$(download "$release/node-v$NODE_VERSION-linux-$NODE_ARCH.tar.gz" "$release/SHASUMS256.txt") && unpack "$file" && into "$1" &&
    link "$1/bin/node" "$1/bin/npm" "$1/bin/npx"
}

install_python() {
  local build=${PYTHON_VERSION#*+} file
  local release="https://github.com/astral-sh/python-build-standalone/releases/download/$build"
  file=$(download "$release/cpython-$PYTHON_VERSION-$TRIPLE-install_only_stripped.tar.gz" "$release/SHA256SUMS") && unpack "$file" && into "$1" &&
    link "$1/bin/python3" "$1/bin/pip3"
}

install_terraform() {
  local release="https://releases.hashicorp.com/terraform/$TERRAFORM_VERSION" file
  file=$(download "$release/terraform_${TERRAFORM_VERSION}_linux_$ARCH.zip" "$release/terraform_${TERRAFORM_VERSION}_SHA256SUMS") &&
    rm -rf "$TEMPORARY/unpacked" && "$BIN/python3" -m zipfile -e "$file" "$TEMPORARY/unpacked" && chmod 0755 "$TEMPORARY/unpacked/terraform" &&
    into "$1" && link "$1/terraform"
}

install_kubectl() {
  local url="https://dl.k8s.io/release/v$KUBECTL_VERSION/bin/linux/$ARCH/kubectl" file
  file=$(download "$url" "$url.sha256") && rm -rf "$TEMPORARY/unpacked" && mkdir "$TEMPORARY/unpacked" &&
    install -m 0755 "$file" "$TEMPORARY/unpacked/kubectl" && into "$1" && link "$1/kubectl"
}

install_gh() {
  local release="https://github.com/cli/cli/releases/download/v$GH_VERSION" file
  file=$(download "$release/gh_${GH_VERSION}_linux_$ARCH.tar.gz" "$release/gh_${GH_VERSION}_checksums.txt") && unpack "$file" && into "$1" &&
    link "$1/bin/gh"
}

# Docker publishes checksums in its package index only; the client alone is taken from the package, no daemon and no socket (TPL-38)
install_docker_cli() {
  local host="https://download.docker.com/linux/ubuntu" entry
  fetch "$host/dists/noble/stable/binary-$ARCH/Packages" "$TEMPORARY/Packages" || return 1
  entry=$(awk -v RS= -v version=":$DOCKER_CLI_VERSION-" '/(^|\n)Package: docker-ce-cli\n/ && index($0, version) { print; exit }' "$TEMPORARY/Packages")
  local path sum
  path=$(sed -n 's/^Filename: //p' <<<"$entry") sum=$(sed -n 's/^SHA256: //p' <<<"$entry")
  if [[ -z $path ]]; then say "docker-ce-cli $DOCKER_CLI_VERSION is not in the publisher's package index"; return 1; fi
  fetch "$host/$path" "$TEMPORARY/docker.deb" && verify "$TEMPORARY/docker.deb" "$sum" &&
    rm -rf "$TEMPORARY/unpacked" && dpkg-deb --extract "$TEMPORARY/docker.deb" "$TEMPORARY/unpacked" && into "$1" && link "$1/usr/bin/docker"
}

install_sdk() {
  local file="$TEMPORARY/sdk.tar.gz"
  fetch "$2" "$file" && verify "$file" "$3" && unpack "$file" && into "$1"
}

FAILED=()

# ensure NAME VERSION COMMAND…: installs once; the folder carries the version, and stands only when it is complete
ensure() {
  local name=$1 version=$2 folder="$SHARE/$1/$2"
  shift 2
  if [[ -e $folder ]]; then say "$name $version is there" && return; fi
  if "$1" "$folder" "${@:2}"; then say "$name $version installed"; else say "$name $version FAILED" && FAILED+=("$name"); fi
}

ensure go "$GO_VERSION" install_go
ensure node "$NODE_VERSION" install_node
ensure python "$PYTHON_VERSION" install_python
ensure terraform "$TERRAFORM_VERSION" install_terraform # unpacked by the Python above
ensure kubectl "$KUBECTL_VERSION" install_kubectl
ensure gh "$GH_VERSION" install_gh
ensure docker-cli "$DOCKER_CLI_VERSION" install_docker_cli
while read -r sdk url sum; do
  if [[ -n $sdk ]]; then ensure "$sdk" "$sum" install_sdk "$url" "$sum"; fi
done <<<"${SWDEV_INTERNAL_SDKS:-}"

if ((${#FAILED[@]})); then
  say "not installed: ${FAILED[*]}; the log is $LOG; restart the workspace to try again"
  exit 1
fi
say "complete"
