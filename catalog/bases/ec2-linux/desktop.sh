#!/bin/bash
# Starts KasmVNC for this user on loopback; coderd's tunnel is the only way to it. Waits for the package, which cloud-init installs.
set -euo pipefail

waited=0
until command -v vncserver >/dev/null; do
  if ((waited >= 540)); then echo "desktop: KasmVNC is not installed; /var/log/workspace.log says why" && exit 1; fi
  sleep 5
  waited=$((waited + 5))
done

mkdir -p "$HOME/.vnc"
touch "$HOME/.vnc/.de-was-selected"
cat >"$HOME/.vnc/kasmvnc.yaml" <<'YAML'
network:
  interface: 127.0.0.1
  websocket_port: 6901
  protocol: http
  ssl:
    require_ssl: false
  udp:
    public_ip: 127.0.0.1
YAML
printf '#!/bin/sh\nexec startxfce4\n' >"$HOME/.vnc/xstartup"
chmod 0755 "$HOME/.vnc/xstartup"

vncserver -kill :1 >/dev/null 2>&1 || true
exec vncserver :1 -disableBasicAuth -select-de manual
