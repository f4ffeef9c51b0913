# shellcheck shell=bash
# Installs the tools of toolchain.yaml; versions come as <NAME>_VERSION. library.sh stands before it in one script (outputs.tf).

: "${PYTHON_VERSION:?}" "${R_VERSION:?}" "${MICROMAMBA_VERSION:?}" "${JUPYTERLAB_VERSION:?}" "${JUPYTER_PORT:?}" "${REQUIREMENTS:?}"

PYTHON_HOME="$SHARE/python/$PYTHON_VERSION"

install_python() {
  local build=${PYTHON_VERSION#*+} file
  local release="https://github.com/astral-sh/python-build-standalone/releases/download/$build"
  file=$(download "$release/cpython-$PYTHON_VERSION-$TRIPLE-install_only_stripped.tar.gz" "$release/SHA256SUMS") && unpack "$file" && into "$1" &&
    link "$1/bin/python3" "$1/bin/pip3"
}

install_micromamba() {
  local url="https://github.com/mamba-org/micromamba-releases/releases/download/$MICROMAMBA_VERSION/micromamba-linux-$CONDA_ARCH" file
  file=$(download "$url" "$url.sha256") && program "$file" micromamba && into "$1" && link "$1/micromamba"
}

# micromamba checks each package against the sums of conda-forge's index
install_r() {
  local channel="${TOOLCHAIN_CONDA_CHANNEL:-conda-forge}"
  rm -rf "$TEMPORARY/unpacked" "$1.part"
  MAMBA_ROOT_PREFIX="$SHARE/mamba" "$BIN/micromamba" create --yes --quiet --no-rc --override-channels \
    --channel "$channel" --prefix "$1.part" "r-base=$R_VERSION" || return 1
  rm -rf "$1" && mv "$1.part" "$1" && link "$1/bin/R" "$1/bin/Rscript"
}

# Everything of PyPI at once: requirements.txt lists each wheel with the sum that PyPI has for it, and pip takes no other file
install_packages() {
  printf '%s' "$REQUIREMENTS" | base64 --decode >"$TEMPORARY/requirements.txt"
  "$PYTHON_HOME/bin/python3" -m venv "$1" || return 1
  if ! "$1/bin/pip" install --quiet --no-input --disable-pip-version-check --require-hashes --only-binary :all: --no-deps \
    --requirement "$TEMPORARY/requirements.txt"; then
    rm -rf "$1"
    return 1
  fi
  link "$1/bin/jupyter" "$1/bin/python"
}

# On loopback, where coderd's tunnel comes in after coderd's own login: Jupyter asks for no second one, and takes the app's host for its own
serve_jupyter() {
  local log
  log="$(dirname "$LOG")/jupyter.log"
  if { true >"/dev/tcp/127.0.0.1/$JUPYTER_PORT"; } 2>/dev/null; then say "Jupyter Lab runs already" && return; fi
  setsid "$BIN/jupyter" lab --no-browser --ServerApp.ip=127.0.0.1 --ServerApp.port="$JUPYTER_PORT" --ServerApp.port_retries=0 \
    --ServerApp.allow_remote_access=True --ServerApp.root_dir="$HOME" --IdentityProvider.token='' >>"$log" 2>&1 </dev/null &
  say "Jupyter Lab starts on port $JUPYTER_PORT; its log is $log"
}

packages_version() { printf '%s' "$REQUIREMENTS" | sha256sum | cut -c 1-12; }

ensure python "$PYTHON_VERSION" install_python
ensure micromamba "$MICROMAMBA_VERSION" install_micromamba
ensure r "$R_VERSION" install_r
ensure packages "$(packages_version)" install_packages
if [[ ! -e /proc/driver/nvidia/version ]]; then say "this machine has no NVIDIA driver: PyTorch and TensorFlow use its CPUs"; fi
ensure_internal_sdks
if [[ -x $BIN/jupyter ]]; then serve_jupyter; fi
finish
