# shellcheck shell=bash
# Installs the tools of toolchain.yaml; versions come as <NAME>_VERSION. library.sh stands before it in one script (outputs.tf).

: "${GO_VERSION:?}" "${NODE_VERSION:?}" "${PYTHON_VERSION:?}" "${TERRAFORM_VERSION:?}" "${KUBECTL_VERSION:?}" "${GH_VERSION:?}" "${DOCKER_CLI_VERSION:?}"
: "${DEVCONTAINERS_CLI_VERSION:?}"

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
  file=$(download "$url" "$url.sha256") && program "$file" kubectl && into "$1" && link "$1/kubectl"
}

install_gh() {
  local release="https://github.com/cli/cli/releases/download/v$GH_VERSION" file
  file=$(download "$release/gh_${GH_VERSION}_linux_$ARCH.tar.gz" "$release/gh_${GH_VERSION}_checksums.txt") && unpack "$file" && into "$1" &&
    link "$1/bin/gh"
}

# unpack_package FILE: the files of a Debian package, on any Linux; the format is `ar`: headers of 60 bytes, each before what it names
unpack_package() {
  local data
  data=$("$BIN/python3" - "$1" "$TEMPORARY" <<'PYTHON'
import pathlib, sys
package, folder = pathlib.Path(sys.argv[1]).read_bytes(), pathlib.Path(sys.argv[2])
place = len(b"!<arch>\n")
while place < len(package):
    name, size = package[place : place + 16].decode().strip(" /"), int(package[place + 48 : place + 58])
    if name.startswith("data.tar"):
        (folder / name).write_bytes(package[place + 60 : place + 60 + size])
        print(folder / name)
    place += 60 + size + size % 2
PYTHON
  ) && rm -rf "$TEMPORARY/unpacked" && mkdir "$TEMPORARY/unpacked" && tar -xf "$data" -C "$TEMPORARY/unpacked"
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
    unpack_package "$TEMPORARY/docker.deb" && into "$1" && link "$1/usr/bin/docker"
}

# start_devcontainer: brings up the dev container of the configured folder, where a Docker daemon can be reached (TPL-47)
start_devcontainer() {
  local folder="$HOME/${DEVCONTAINER_FOLDER:-}"
  if [[ -z ${DEVCONTAINER_FOLDER:-} ]]; then return; fi
  if [[ ! -e $folder/.devcontainer/devcontainer.json && ! -e $folder/.devcontainer.json ]]; then
    say "$folder has no devcontainer.json; clone the repository there and restart the workspace"
  elif ! "$BIN/docker" info >/dev/null 2>&1; then
    say "no Docker daemon can be reached; set DOCKER_HOST to a remote one (workspaces have none of their own)"
  elif "$BIN/devcontainer" up --workspace-folder "$folder"; then
    say "the dev container of $folder is up"
  else
    say "the dev container of $folder FAILED" && FAILED+=(devcontainer)
  fi
}

# npm checks the package against the sum that the registry lists; it has no dependency (TPL-47)
install_devcontainers_cli() {
  "$BIN/npm" install --silent --global --no-audit --no-fund --prefix "$TEMPORARY/unpacked" "@devcontainers/cli@$DEVCONTAINERS_CLI_VERSION" &&
    into "$1" && link "$1/bin/devcontainer"
}

ensure go "$GO_VERSION" install_go
ensure node "$NODE_VERSION" install_node
ensure python "$PYTHON_VERSION" install_python
ensure terraform "$TERRAFORM_VERSION" install_terraform # unpacked by the Python above
ensure kubectl "$KUBECTL_VERSION" install_kubectl
ensure gh "$GH_VERSION" install_gh
ensure docker-cli "$DOCKER_CLI_VERSION" install_docker_cli
if [[ -n ${DEVCONTAINER_FOLDER:-} ]]; then ensure devcontainers-cli "$DEVCONTAINERS_CLI_VERSION" install_devcontainers_cli; fi
ensure_internal_sdks
start_devcontainer
finish
