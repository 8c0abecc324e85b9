#!/bin/sh
# Runs every fuzz target of the project for a while.   usage: tools/fuzz.sh [DURATION]
set -eu
cd "$(dirname "$0")/.."
duration=${1:-20s}
grep -rl --include='*_test.go' '^func Fuzz' . | while read -r file; do
  sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file" | while read -r target; do
    echo "== $(dirname "$file") $target"
    go test "./$(dirname "$file")" -run xxx -fuzz "^$target\$" -fuzztime "$duration"
  done
done
