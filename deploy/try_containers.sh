#!/usr/bin/env bash
# Builds and starts docker-compose.yml of this checkout, checks what must hold of it
# (deploy/check_containers.py), and removes it again: containers, volumes and images.
#
#   deploy/try_containers.sh              `make containers` does the same
#   deploy/try_containers.sh --keep       leave the services running at the end
#
# It uses this machine's Docker engine, in compose projects and on ports of its own, so that nothing
# that runs already is in the way. Where there is none, it makes one (deploy/debian_engine.sh), as
# root on Debian. Where it cannot run it says why in one line, and exits with 3.
#
# From the environment:
#   PYTHON              runs the checks, which use its standard library alone; python3 by default
#   PIP_ARGS            more words for pip inside the images, such as '--extra-index-url URL'
#   NARROWCAST_ENGINE   `debian`: make an engine even where there is one
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}

cannot() {
    echo "the containers cannot be tried: $1" >&2
    exit 3
}

case ${1:-} in
    "" | --keep) ;;
    *)
        sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0"
        [[ $1 = -h || $1 = --help ]] && exit 0
        exit 2
        ;;
esac
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    cannot "$python is not Python 3.11 or newer (PYTHON names another one)"

if [ "${NARROWCAST_ENGINE:-}" = debian ] || ! docker version >/dev/null 2>&1; then
    [ "${1:-}" != --keep ] || cannot "--keep takes a Docker engine that goes on running, and none answers"
    # It runs this script again, with a `docker` that reaches the engine it has started.
    exec env NARROWCAST_ENGINE=found deploy/debian_engine.sh "$0"
fi
docker compose version >/dev/null 2>&1 || cannot "\`docker compose\` is not installed"

for image in $(sed -n 's/^ *image: //p' docker-compose.yml) "python:$(sed -n 's/^ARG PYTHON=//p' decoder/Dockerfile)-slim"; do
    docker image inspect "$image" >/dev/null 2>&1 || docker pull --quiet "$image" >/dev/null ||
        cannot "$image is not here, and no registry serves it"
done

exec "$python" deploy/check_containers.py "$@"
