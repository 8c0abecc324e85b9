#!/bin/sh
# Names what is missing to build mlxgen, with how to get it.
set -eu
missing=0
need() { # command, what it is, how to get it
  if ! command -v "$1" >/dev/null 2>&1; then
    echo "missing: $2 ($1). $3" >&2
    missing=1
  fi
}
need go "Go 1.26 or later" "https://go.dev/dl"
need python3 "Python 3" "Debian: apt-get install python3 python3-pip; macOS: brew install python"
need cargo "Rust's cargo" "https://rustup.rs"
if ! command -v "${CXX:-g++}" >/dev/null 2>&1 && ! command -v clang++ >/dev/null 2>&1; then
  echo "missing: a C++20 compiler. Debian: apt-get install g++; macOS: xcode-select --install" >&2
  missing=1
fi
exit $missing
