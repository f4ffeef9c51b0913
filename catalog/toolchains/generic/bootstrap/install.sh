# shellcheck shell=bash
# Installs the tools of toolchain.yaml; versions come as <NAME>_VERSION. library.sh stands before it in one script (outputs.tf).

: "${GH_VERSION:?}" "${UV_VERSION:?}"

install_gh() {
  local release="https://github.com/cli/cli/releases/download/v$GH_VERSION" file
  file=$(download "$release/gh_${GH_VERSION}_linux_$ARCH.tar.gz" "$release/gh_${GH_VERSION}_checksums.txt") && unpack "$file" && into "$1" &&
    link "$1/bin/gh"
}

install_uv() {
  local url="https://github.com/astral-sh/uv/releases/download/$UV_VERSION/uv-$TRIPLE.tar.gz" file
  file=$(download "$url" "$url.sha256") && unpack "$file" && into "$1" && link "$1/uv" "$1/uvx"
}

ensure gh "$GH_VERSION" install_gh
ensure uv "$UV_VERSION" install_uv
ensure_internal_sdks
finish
