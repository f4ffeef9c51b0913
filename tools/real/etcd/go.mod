// Builds etcd from its Go module; the replaces repeat upstream's own, which Go ignores in a dependency.
module coder-eks/tools/real/etcd

go 1.26.0

require go.etcd.io/etcd/server/v3 v3.6.16
