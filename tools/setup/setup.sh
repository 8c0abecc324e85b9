#!/bin/sh
# Unpacks MLX's official library for a back end into .deps/BACKEND, verified by hash. A second run does nothing.
#   usage: tools/setup/setup.sh cpu|cuda|metal
#   needs: Python 3 with pip
# Wheels are pinned in mlx-BACKEND.txt beside this file; every platform's hash stands there.
set -eu
cd "$(dirname "$0")/../.."
backend=${1:?usage: tools/setup/setup.sh cpu|cuda|metal}
pins=tools/setup/mlx-$backend.txt
[ -f "$pins" ] || { echo "setup.sh: there is no back end $backend; want cpu, cuda or metal" >&2; exit 2; }

deps=.deps/$backend
if [ -f "$deps/.wheels" ] && cmp -s "$pins" "$deps/.wheels"; then
  exit 0
fi
python=${PYTHON:-python3}
if ! command -v "$python" >/dev/null 2>&1; then
  echo "setup.sh: no Python 3; install it (Debian: apt-get install python3 python3-pip; macOS: brew install python)" >&2
  exit 2
fi
if ! "$python" -m pip --version >/dev/null 2>&1; then
  echo "setup.sh: Python has no pip; install it (Debian: apt-get install python3-pip; elsewhere: python3 -m ensurepip)" >&2
  exit 2
fi

mkdir -p .deps
work=$(mktemp -d .deps/setup.XXXXXX)
trap 'rm -rf "$work"' EXIT
echo "fetching MLX for $backend"
# A back end's wheel holds a library for one platform, not Python code, so the interpreter's own version and ABI do not matter.
"$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes -r "$pins" -d "$work"
"$python" -m zipfile -e "$work"/*.whl "$work/unpacked"
cp "$pins" "$work/unpacked/.wheels"
rm -rf "$deps"
mv "$work/unpacked" "$deps"
