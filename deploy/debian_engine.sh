#!/usr/bin/env bash
# Runs a command where `docker` reaches a Docker engine that is made of Debian's packages: for machines
# that have no engine and reach no registry of images, as those that tests run on.
#
#   deploy/debian_engine.sh COMMAND [ARGUMENT...]
#
# How: mmdebstrap puts the engine into a folder, and the images that our files name into archives, out of
# packages of Debian's mirror. The engine runs there in namespaces of its own (mounts, network,
# processes); its network leads nowhere, so the wheels that the images install are fetched beforehand
# with this machine's pip, and served to it. The command runs in the engine's network, where the
# ports are that containers publish; PIP_ARGS in its environment says where the wheels are. Nothing
# is left running, and nothing is written but the cache.
#
# It takes root, Debian (or its like), mmdebstrap, python3.11 with pip, a mirror of Debian and an
# index of Python packages; where something is missing it says so in one line, and exits with 3.
#
# From the environment:
#   NARROWCAST_CONTAINERS_CACHE   folder that is kept between runs, /var/tmp/narrowcast-engine by
#                                 default: 2 GB, and up to 4 GB of what the engine has built
#   PYTHON311                     whose pip fetches the wheels; python3.11 by default
#   MIRROR                        mirror of Debian; by default the one that apt uses
# shellcheck disable=SC2016 # what stands in single quotes is for a shell elsewhere
set -euo pipefail
checkout=$(realpath "$(dirname "$0")/..")
cache=$(realpath -m "${NARROWCAST_CONTAINERS_CACHE:-/var/tmp/narrowcast-engine}")
root=$cache/engine
python=${PYTHON311:-python3.11}

cannot() {
    echo "no Docker engine can be made here: $1" >&2
    exit 3
}

[ $# -gt 0 ] || { sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" && exit 2; }
[ "$(uname -s)" = Linux ] && [ -e /etc/debian_version ] || cannot "this is not Debian; start a Docker engine instead"
[ "$(id -u)" = 0 ] || cannot "that takes root; start a Docker engine instead"
command -v mmdebstrap >/dev/null || cannot "there is no mmdebstrap (apt-get install mmdebstrap)"
"$python" -m pip --version >/dev/null 2>&1 || cannot "there is no $python with pip, which fetches the wheels (PYTHON311 names another one)"
unshare --mount --net --pid --fork true 2>/dev/null || cannot "this machine lets nobody make namespaces"
mirror=${MIRROR:-$(apt-get indextargets --format "\$(REPO_URI)" | head -n 1)}
[ -n "$mirror" ] || cannot "apt knows no mirror of Debian (MIRROR names one)"
mkdir -p "$cache/wheels"
exec 9>"$cache/lock"
flock --nonblock 9 || cannot "another run uses $cache (NARROWCAST_CONTAINERS_CACHE names another folder)"

# --- what it is made of ----------------------------------------------------------------------

bootstrap() { # SUITE TARGET PACKAGES [HOOK]: a folder, or an archive where TARGET ends in .tar
    local format=directory
    [[ $2 != *.tar ]] || format=tar
    [ ! -e "$2" ] || return 0
    echo "making $2, which takes a minute or so ..."
    rm -rf "$2.part"
    mmdebstrap --quiet --mode=root --format=$format --variant=minbase --include="$3" --customize-hook="${4:-true}" \
        --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Check-Valid-Until "false"' \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        "$1" "$2.part" "deb $mirror $1 main" 2>"$cache/mmdebstrap.log" ||
        { cat "$cache/mmdebstrap.log" >&2 && cannot "$mirror does not give the packages of $1"; }
    mv "$2.part" "$2"
}

# What stands for which image: the same program and version, user and folders. What Debian's stable release has
# too old (Valkey, Prometheus) is taken from sid. Health checks call busybox's wget, as in Alpine's images.
wget='ln -sf /bin/busybox "$1/usr/bin/wget"'
bootstrap trixie "$root" docker.io,docker-cli,docker-compose,docker-buildx,iptables,iproute2
bootstrap trixie "$cache/haproxy.tar" haproxy,busybox \
    "$wget; chroot \"\$1\" sh -c 'usermod -u 99 haproxy; groupmod -g 99 haproxy; mkdir -p /usr/local/etc/haproxy'"
bootstrap sid "$cache/servers.tar" valkey-server,valkey-tools,prometheus,busybox,netbase \
    "$wget; cd \"\$1\"; mkdir -p data prometheus; chown 999:999 data; chown -R 65534:65534 prometheus"
bootstrap bookworm "$cache/python.tar" python3,python3-pip,ca-certificates,netbase,tzdata \
    'ln -s /usr/bin/python3 "$1/usr/local/bin/python"'

# Wheels of what the images install, and of what builds narrowcast's own.
# shellcheck disable=SC2046,SC2086 # PIP_ARGS and SAMPLE are words
fetch() { "$python" -m pip download ${PIP_ARGS:-} --quiet --dest "$cache/wheels" "$@" 2>"$cache/pip.log"; }
{
    fetch --constraint "$checkout/constraints.txt" "${checkout}[encoder,decoder,bus]" &&
        fetch "$("$python" -c 'import sys, tomllib; print(*tomllib.load(open(sys.argv[1], "rb"))["build-system"]["requires"])' "$checkout/pyproject.toml")" &&
        fetch --no-deps --constraint "$checkout/constraints.txt" $(sed -n 's/^SAMPLE = //p' "$checkout/Makefile") &&
        fetch 'async-timeout>=4.0.3' # valkey needs it below Python 3.11.3, and Debian's is 3.11.2
} || { cat "$cache/pip.log" >&2 && cannot "no index gives the wheels"; }

# --- the engine ------------------------------------------------------------------------------

mkdir -p "$root/etc/docker"
# Layers that builds leave behind are kept up to this size.
echo '{"builder": {"gc": {"enabled": true, "defaultKeepStorage": "4GB"}}}' >"$root/etc/docker/daemon.json"
cat >"$root/start" <<'S'
#!/bin/bash
# Process 1 of the engine. ROOT CHECKOUT: make ROOT the root, with the checkout and the cache in it.
set -e
root=$1
mount --make-rprivate / && mount --bind "$root" "$root"
mkdir -p "$root/.old" "$root/checkout" "$root/cache"
mount --bind "$2" "$root/checkout" && mount --bind "$root/.." "$root/cache"
cd "$root" && pivot_root . .old
mount -t proc proc /proc && mount --rbind /.old/sys /sys && mount --rbind /.old/dev /dev
mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /tmp && umount -l /.old
ip link set lo up
exec docker-init -- dockerd --group root --dns 127.0.0.53
S
chmod +x "$root/start"

scratch=$(mktemp -d)
server=
command=
env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin unshare --mount --net --pid --fork --kill-child \
    "$root/start" "$root" "$checkout" >"$cache/dockerd.log" 2>&1 9>&- &
namespaces=$!
# shellcheck disable=SC2329 # a trap calls it
finish() {
    [ -z "$command" ] || { kill "$command" 2>/dev/null && wait "$command" || true; } # it cleans up
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    # The engine ends its containers; whatever is left then goes with the namespaces.
    pkill -TERM -P "$namespaces" 2>/dev/null || true
    for _ in $(seq 20); do
        kill -0 "$namespaces" 2>/dev/null || break
        sleep 1
    done
    kill -KILL "$namespaces" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# A `docker` for the command: the engine's own client, in the engine's namespaces, at the checkout.
cat >"$scratch/docker" <<S
#!/bin/sh
exec nsenter -t "\$NARROWCAST_ENGINE_PID" -m -p -- env -u DOCKER_HOST -u DOCKER_CONTEXT HOME=/root \\
    PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin sh -c 'cd /checkout && exec docker "\$@"' - "\$@"
S
chmod +x "$scratch/docker"
export PATH=$scratch:$PATH NARROWCAST_ENGINE_PID=
for _ in $(seq 60); do
    NARROWCAST_ENGINE_PID=$(pgrep -P "$namespaces" || true)
    [ -n "$NARROWCAST_ENGINE_PID" ] && docker info >/dev/null 2>&1 && break
    kill -0 "$namespaces" 2>/dev/null || break
    sleep 1
done
docker info >/dev/null 2>&1 || { tail -n 3 "$cache/dockerd.log" >&2 && cannot "the engine does not start ($cache/dockerd.log)"; }

# All containers together have the scheduler's weight of one process otherwise, which starves them on a
# busy machine; give them that of eight. Version 1 of cgroups, and version 2.
{ mkdir -p /sys/fs/cgroup/cpu/docker && echo 8192 >/sys/fs/cgroup/cpu/docker/cpu.shares; } 2>/dev/null ||
    { mkdir -p /sys/fs/cgroup/docker && echo 800 >/sys/fs/cgroup/docker/cpu.weight; } 2>/dev/null || true

# The engine's own side of its first network is where containers and builds reach the wheels.
gateway=$(docker network inspect bridge --format '{{(index .IPAM.Config 0).Gateway}}')
nsenter -t "$NARROWCAST_ENGINE_PID" -n -- "$python" -m http.server --bind "$gateway" 8765 --directory "$cache/wheels" >/dev/null 2>&1 9>&- &
server=$!
export PIP_ARGS="--no-index --find-links http://$gateway:8765/ --trusted-host $gateway"

# What a run that was killed has left behind would start again with the engine.
docker ps --all --quiet | xargs --no-run-if-empty sh -c 'docker rm --force --volumes "$@"' - >/dev/null
docker volume prune --all --force >/dev/null

load() { # IMAGE ARCHIVE CHANGE...: an image of an archive, made anew where that is newer
    local image=$1 archive=$2 changes=(--change "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    shift 2
    for change in "$@"; do changes+=(--change "$change"); done
    docker image inspect "$image" >/dev/null 2>&1 || docker import "${changes[@]}" "/cache/$archive" "$image" >/dev/null
}
image_of() { sed -n "s/^ *image: \(.*$1.*\)/\1/p" "$checkout/docker-compose.yml"; }
load "python:$(sed -n 's/^ARG PYTHON=//p' "$checkout/decoder/Dockerfile")-slim" python.tar 'ENV LANG=C.UTF-8' 'CMD ["python3"]'
# As the official image has it: without protected mode, which refuses connections from elsewhere.
load "$(image_of valkey)" servers.tar 'WORKDIR /data' 'VOLUME /data' \
    'ENTRYPOINT ["sh", "-c", "exec $0 --protected-mode no \"$@\""]' 'CMD ["valkey-server"]'
load "$(image_of haproxy)" haproxy.tar 'USER haproxy' 'STOPSIGNAL SIGUSR1' \
    'CMD ["haproxy", "-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]'
load "$(image_of prometheus)" servers.tar 'USER 65534' 'WORKDIR /prometheus' 'VOLUME /prometheus' \
    'ENTRYPOINT ["prometheus"]' 'CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]'

# In the background, so that a signal to this script is heard while it runs.
nsenter -t "$NARROWCAST_ENGINE_PID" -n -- "$@" 9>&- &
command=$!
wait "$command" && status=0 || status=$?
command=
exit "$status"
