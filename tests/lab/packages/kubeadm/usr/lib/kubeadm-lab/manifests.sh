# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# The static pod manifests as kubeadm writes them from the cluster's configuration. A flag that
# somebody added by hand is not in that configuration, so it is gone after the next rendering, as
# in the real thing.

manifests=/etc/kubernetes/manifests
# shellcheck disable=SC2034 # used by kubeadm itself
components="etcd kube-apiserver kube-controller-manager kube-scheduler"

etcd_version() {
    case $1 in
        1.33.*) echo 3.5.24-0 ;;
        1.34.[0-3]) echo 3.6.4-0 ;;
        1.34.*) echo 3.6.5-0 ;;
        *) echo 3.6.6-0 ;;
    esac
}

# image COMPONENT VERSION
image() {
    case $1 in
        etcd) echo "registry.k8s.io/etcd:$(etcd_version "$2")" ;;
        *) echo "registry.k8s.io/$1:v$2" ;;
    esac
}

# flags COMPONENT
flags() {
    address=$(cat /etc/lab/address)
    case $1 in
        etcd)
            printf '%s\n' "--advertise-client-urls=https://$address:2379" \
                --data-dir=/var/lib/etcd ;;
        kube-apiserver)
            printf '%s\n' "--advertise-address=$address" --allow-privileged=true \
                --authorization-mode=Node,RBAC --client-ca-file=/etc/kubernetes/pki/ca.crt \
                --enable-admission-plugins=NodeRestriction --etcd-servers=https://127.0.0.1:2379 \
                --secure-port=6443 --service-cluster-ip-range=10.96.0.0/12 ;;
        *) printf '%s\n' "--kubeconfig=/etc/kubernetes/${1#kube-}.conf" --leader-elect=true ;;
    esac
}

# render COMPONENT VERSION
render() {
    cat <<YAML
apiVersion: v1
kind: Pod
metadata:
  labels:
    component: $1
    tier: control-plane
  name: $1
  namespace: kube-system
spec:
  containers:
  - command:
    - $1
$(flags "$1" | sed 's/^/    - /')
    image: $(image "$1" "$2")
    imagePullPolicy: IfNotPresent
    name: $1
  hostNetwork: true
  priorityClassName: system-node-critical
YAML
}

# running_version COMPONENT: from its manifest, empty on a worker.
running_version() {
    sed -n "s/^ *image: .*\/$1:v*//p" "$manifests/$1.yaml" 2>/dev/null
}

# backup: what kubeadm leaves behind at every run and never removes.
backup() {
    stamp=$(date +%Y-%m-%d-%H-%M-%S)
    backup_manifests=/etc/kubernetes/tmp/kubeadm-backup-manifests-$stamp
    backup_etcd=/etc/kubernetes/tmp/kubeadm-backup-etcd-$stamp
    mkdir -p "$backup_manifests" "$backup_etcd/etcd/member/snap"
    cp "$manifests"/*.yaml "$backup_manifests/"
    if [ -e /var/lib/etcd/member/snap/db ]; then
        cp /var/lib/etcd/member/snap/db "$backup_etcd/etcd/member/snap/db"
    fi
}

restore() {
    cp "$backup_manifests"/*.yaml "$manifests/"
}
