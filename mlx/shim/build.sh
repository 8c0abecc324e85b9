#!/bin/sh
# Builds libmlxgen_shim, the library that package mlx opens at run time.
#   usage: mlx/shim/build.sh [BACKEND [OUT]]   BACKEND: cpu (default on Linux), cuda, metal (default on macOS)
#                                              OUT: folder of the library, default build/lib; two levels deep, for RUNPATH
#   needs: .deps/BACKEND (tools/setup), a C++20 compiler (CXX, default g++ or clang++)
#   makes: OUT/libmlxgen_shim.so (.dylib); only what changed is compiled again
set -eu
cd "$(dirname "$0")/../.."
os=$(uname -s)
backend=${1:-${BACKEND:-}}
if [ -z "$backend" ]; then
  if [ "$os" = Darwin ]; then backend=metal; else backend=cpu; fi
fi
deps=.deps/$backend
out=${2:-build/lib}
if [ ! -d "$deps/mlx/include" ]; then
  echo "build.sh: $deps is missing; run tools/setup/setup.sh $backend" >&2
  exit 2
fi
if [ -z "${CXX:-}" ]; then
  for c in g++ clang++ c++; do
    if command -v $c >/dev/null 2>&1; then CXX=$c; break; fi
  done
fi
if [ -z "${CXX:-}" ]; then
  echo "build.sh: no C++ compiler; install g++ 11 or later or clang 14 or later (Debian: apt-get install g++; macOS: xcode-select --install)" >&2
  exit 2
fi
obj=build/shim/$backend
mkdir -p "$obj" "$out"
flags="-std=c++20 -O2 -ftree-vectorize -fno-math-errno -fPIC -fvisibility=hidden -Wall -Wextra -Wno-unused-parameter -isystem $deps/mlx/include"
if [ "$os" = Darwin ]; then
  lib=$out/libmlxgen_shim.dylib
  link="-dynamiclib -install_name @rpath/libmlxgen_shim.dylib -Wl,-rpath,@loader_path/mlx/lib -Wl,-rpath,@loader_path/../../$deps/mlx/lib"
else
  lib=$out/libmlxgen_shim.so
  # RUNPATH, which LD_LIBRARY_PATH overrides; first the layout of a distribution
  link="-shared -Wl,--enable-new-dtags -Wl,-rpath,\$ORIGIN/mlx/lib:\$ORIGIN/../../$deps/mlx/lib -Wl,--allow-shlib-undefined -pthread -ldl"
fi
# a change of flags, compiler or MLX rebuilds everything
stamp="$CXX $($CXX --version | head -n 1) $flags $link $(cat "$deps/.wheels" 2>/dev/null || true)"
if [ ! -f "$obj/stamp" ] || [ "$(cat "$obj/stamp")" != "$stamp" ]; then
  rm -f "$obj"/*.o
  printf '%s' "$stamp" >"$obj/stamp"
fi
stale() { # target, then its sources: newer ones
  [ ! -f "$1" ] && return 0
  for f in $2; do [ "$f" -nt "$1" ] && return 0; done
  return 1
}
jobs=0
for src in mlx/shim/src/*.cpp; do
  o=$obj/$(basename "$src" .cpp).o
  needs="$src mlx/shim/src/*.h mlx/shim/src/ops.def"
  if stale "$o" "$needs"; then
    rm -f "$o" # a failed compilation leaves nothing to link
    echo "$CXX $src"
    case $src in *_kernel.cpp) opt=-O3 ;; *) opt= ;; esac
    # shellcheck disable=SC2086
    ($CXX $flags $opt -c "$src" -o "$o.tmp" && mv "$o.tmp" "$o") &
    jobs=$((jobs + 1))
    if [ $jobs -ge 2 ]; then wait; jobs=0; fi
  fi
done
wait
want=$(ls mlx/shim/src/*.cpp | wc -l)
have=0
for src in mlx/shim/src/*.cpp; do [ -f "$obj/$(basename "$src" .cpp).o" ] && have=$((have + 1)); done
if [ "$want" -ne "$have" ]; then
  echo "build.sh: compilation failed; MLX needs C++20 (g++ 11 or later, clang 14 or later)" >&2
  exit 1
fi
objects=
for src in mlx/shim/src/*.cpp; do objects="$objects $obj/$(basename "$src" .cpp).o"; done
if stale "$lib" "$objects" || [ "$(cat "$out/.backend" 2>/dev/null || true)" != "$backend" ]; then
  # shellcheck disable=SC2086
  $CXX -o "$lib.tmp" $objects $link -L"$deps/mlx/lib" -lmlx
  mv "$lib.tmp" "$lib"
  echo "$backend" >"$out/.backend"
fi
