"""The configuration of the vpc-cni add-on, as pulumi-eks writes it (nodejs/eks/addons/cni-addon.ts at 3328fbef)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from localcloud.kinds.model import UNKNOWN, Value

# option → variable, and its value where the option is left out
_CNI_ENVIRONMENT: Final = {
    "nodePortSupport": ("AWS_VPC_CNI_NODE_PORT_SUPPORT", None),
    "customNetworkConfig": ("AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG", None),
    "warmEniTarget": ("WARM_ENI_TARGET", "1"),
    "warmIpTarget": ("WARM_IP_TARGET", None),
    "warmPrefixTarget": ("WARM_PREFIX_TARGET", None),
    "enablePrefixDelegation": ("ENABLE_PREFIX_DELEGATION", None),
    "logLevel": ("AWS_VPC_K8S_CNI_LOGLEVEL", "DEBUG"),
    "logFile": ("AWS_VPC_K8S_CNI_LOG_FILE", "/host/var/log/aws-routed-eni/ipamd.log"),
    "vethPrefix": ("AWS_VPC_K8S_CNI_VETHPREFIX", "eni"),
    "eniMtu": ("AWS_VPC_ENI_MTU", "9001"),
    "eniConfigLabelDef": ("ENI_CONFIG_LABEL_DEF", None),
    "pluginLogLevel": ("AWS_VPC_K8S_PLUGIN_LOG_LEVEL", "DEBUG"),
    "pluginLogFile": ("AWS_VPC_K8S_PLUGIN_LOG_FILE", "/var/log/aws-routed-eni/plugin.log"),
    "enablePodEni": ("ENABLE_POD_ENI", "false"),
    "cniConfigureRpfilter": ("AWS_VPC_K8S_CNI_CONFIGURE_RPFILTER", None),
    "cniCustomNetworkCfg": ("AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG", "false"),
    "cniExternalSnat": ("AWS_VPC_K8S_CNI_EXTERNALSNAT", "false"),
    "externalSnat": ("AWS_VPC_K8S_CNI_EXTERNALSNAT", None),
}


def cni_configuration(options: Mapping[str, Value]) -> Value:
    """The configuration of the vpc-cni add-on; UNKNOWN where a part of it is."""
    extra = options.get("configurationValues")
    if UNKNOWN in options.values():
        return UNKNOWN
    environment: dict[str, Value] = {}
    for option, (variable, default) in _CNI_ENVIRONMENT.items():
        value = options.get(option)
        if value is not None or (default is not None and variable not in environment):
            environment[variable] = _spelt(value) if value is not None else default
    early: dict[str, Value] = {"DISABLE_TCP_EARLY_DEMUX": _spelt(options.get("disableTcpEarlyDemux") or False)}
    merged: dict[str, Value] = dict(extra) if isinstance(extra, Mapping) else {}
    if options.get("enableNetworkPolicy") is not None:
        merged.setdefault("enableNetworkPolicy", _spelt(options["enableNetworkPolicy"]))
    own, start = merged.get("env"), merged.get("init")
    merged["env"] = {**environment, **(own if isinstance(own, Mapping) else {})}
    before: Mapping[str, Value] = start if isinstance(start, Mapping) else {}
    inner = before.get("env")
    merged["init"] = {**before, "env": {**early, **(inner if isinstance(inner, Mapping) else {})}}
    return merged


def _spelt(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
