#!/bin/sh
# Fetches MLX's official back-end wheel, checks its hash and unpacks it.
#   usage: tools/setup/setup.sh [BACKEND]     BACKEND: cpu (default on Linux), cuda, metal (default on macOS)
#   makes: .deps/BACKEND/mlx/{lib,include} with the libraries beside it
#   needs: Python 3 with pip (to fetch and unpack only; nothing of it is used at run time)
# Done already: returns at once. CUDA also fetches NVIDIA's libraries (2 GB); set
# MLXGEN_CUDA_LIBS=system to use those of the machine instead (LD_LIBRARY_PATH).
set -eu
cd "$(dirname "$0")/../.."
os=$(uname -s)
backend=${1:-${BACKEND:-}}
if [ -z "$backend" ]; then
  if [ "$os" = Darwin ]; then backend=metal; else backend=cpu; fi
fi
fail() {
  printf 'setup: %s\n' "$1" >&2
  exit 2
}
case $backend in
cpu | metal) lists=$backend.txt ;;
cuda)
  lists=cuda.txt
  if [ "${MLXGEN_CUDA_LIBS:-}" != system ]; then lists="$lists cuda-libs.txt"; fi
  ;;
*) fail "unknown back end $backend; one of cpu, cuda, metal" ;;
esac
case $os-$backend in
Linux-metal) fail "metal needs macOS on Apple silicon; here: cpu or cuda" ;;
Darwin-cpu | Darwin-cuda) fail "$backend needs Linux; here: metal" ;;
esac

target=.deps/$backend
stamp=$(for l in $lists; do cat "tools/setup/$l"; done)
if [ -f "$target/.wheels" ] && [ "$(cat "$target/.wheels")" = "$stamp" ]; then
  exit 0
fi

python=
for p in ${PYTHON:-} python3 python; do
  if command -v "$p" >/dev/null 2>&1 && "$p" -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null; then
    python=$p
    break
  fi
done
[ -n "$python" ] || fail "Python 3.8 or later is missing; it fetches MLX's wheels.
  Debian, Ubuntu: apt-get install python3 python3-pip    Fedora: dnf install python3 python3-pip
  macOS: xcode-select --install, or brew install python    or set PYTHON=/path/to/python3"
"$python" -m pip --version >/dev/null 2>&1 || fail "$python has no pip.
  Debian, Ubuntu: apt-get install python3-pip    Fedora: dnf install python3-pip    elsewhere: $python -m ensurepip --user"

mkdir -p .deps
tmp=$(mktemp -d .deps/.setup.XXXXXX)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
for l in $lists; do
  echo "setup: fetching what tools/setup/$l lists" >&2
  "$python" -m pip download --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary=:all: -r "tools/setup/$l" -d "$tmp/wheels" ||
    fail "pip could not fetch the wheels of tools/setup/$l.
  They exist for Linux x86_64 and aarch64 with glibc 2.35 or later (cpu, cuda) and for macOS 14 or later on arm64 (metal);
  pip 20.3 or later knows their names. Here: $os $(uname -m), $("$python" -m pip --version)"
done
mkdir "$tmp/tree"
for w in "$tmp"/wheels/*.whl; do
  "$python" -m zipfile -e "$w" "$tmp/tree"
done
[ -d "$tmp/tree/mlx/lib" ] && [ -d "$tmp/tree/mlx/include" ] || fail "the wheels hold no mlx/lib and mlx/include"
printf '%s\n' "$stamp" >"$tmp/tree/.wheels"
if [ -e "$target" ]; then mv "$target" "$tmp/old"; fi
mv "$tmp/tree" "$target"
echo "setup: $target is ready" >&2
