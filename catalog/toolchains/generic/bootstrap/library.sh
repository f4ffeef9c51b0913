# shellcheck shell=bash
# What every bootstrap script needs: downloads checked against the publisher's own checksum file, installed once below ~/.local without root.
# The same file in each toolchain (a test compares them); install.sh follows it in one script. TOOLCHAIN names the toolchain.
set -uo pipefail

: "${TOOLCHAIN:?}"

SHARE="$HOME/.local/share/$TOOLCHAIN"
BIN="$HOME/.local/bin"
LOG="$HOME/.local/state/$TOOLCHAIN/bootstrap.log"
mkdir -p "$SHARE" "$BIN" "$(dirname "$LOG")"
exec > >(tee -a "$LOG") 2>&1
TEMPORARY=$(mktemp -d)
trap 'rm -rf "$TEMPORARY"' EXIT

# shellcheck disable=SC2034 # each toolchain uses the spelling of its publishers
case "$(uname -m)" in
  x86_64) ARCH=amd64 NODE_ARCH=x64 CONDA_ARCH=64 TRIPLE=x86_64-unknown-linux-gnu ;;
  aarch64) ARCH=arm64 NODE_ARCH=arm64 CONDA_ARCH=aarch64 TRIPLE=aarch64-unknown-linux-gnu ;;
  *) echo "bootstrap: no tools are published for $(uname -m)" && exit 1 ;;
esac

say() { echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) bootstrap: $*"; }

# fetch URL FILE: from the publisher, or from the mirror, whose paths begin with the publisher's host
fetch() {
  local url=$1
  if [[ -n ${TOOLCHAIN_MIRROR:-} ]]; then url="${TOOLCHAIN_MIRROR%/}/${1#https://}"; fi
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

# program FILE NAME: a download that is a program as it is
program() { rm -rf "$TEMPORARY/unpacked" && mkdir "$TEMPORARY/unpacked" && install -m 0755 "$1" "$TEMPORARY/unpacked/$2"; }

link() {
  local program
  for program in "$@"; do ln -sfn "$program" "$BIN/$(basename "$program")" || return 1; done
}

PATH="$BIN:$PATH" # what is installed serves the next
FAILED=()

# ensure NAME VERSION COMMAND…: installs once; the folder carries the version, and stands only when it is complete
ensure() {
  local name=$1 version=$2 folder="$SHARE/$1/$2"
  shift 2
  if [[ -e $folder ]]; then say "$name $version is there" && return; fi
  if "$1" "$folder" "${@:2}"; then say "$name $version installed"; else say "$name $version FAILED" && FAILED+=("$name"); fi
}

install_sdk() {
  local file="$TEMPORARY/sdk.tar.gz"
  fetch "$2" "$file" && verify "$file" "$3" && unpack "$file" && into "$1"
}

# ensure_internal_sdks: the organisation's own, as lines of "name url sha256"
ensure_internal_sdks() {
  local sdk url sum
  while read -r sdk url sum; do
    if [[ -n $sdk ]]; then ensure "$sdk" "$sum" install_sdk "$url" "$sum"; fi
  done <<<"${TOOLCHAIN_SDKS:-}"
}

# finish: ends with 1 and names what failed, after all was tried
finish() {
  if ((${#FAILED[@]})); then
    say "not installed: ${FAILED[*]}; the log is $LOG; restart the workspace to try again"
    exit 1
  fi
  say "complete"
}
