#!/bin/sh
# Builds the native library that tokenizers and chat templates are linked against.
#
#   native/build.sh           build what changed; silent when nothing did
#   native/build.sh --check   exit 1 and say so when a build is due
#
# Inputs:  native/Cargo.toml, Cargo.lock, build.sh, src/, include/, and the version of rustc.
# Outputs: build/lib/libtokenizers.a               the archive, under the name the Go side links
#          build/lib/libtokenizers.inputs          the digest of what it was built from
#          runtime/internal/native/archive_stamp.h the digest of the archive, which makes `go build`
#                                                  notice a new one
# The target of a cross build is named by CARGO_BUILD_TARGET.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(dirname -- "$here")
lib=$root/build/lib
archive=$lib/libtokenizers.a
inputs=$lib/libtokenizers.inputs
stamp=$root/runtime/internal/native/archive_stamp.h

sha() {
	if command -v sha256sum >/dev/null 2>&1; then sha256sum "$@"; else shasum -a 256 "$@"; fi
}

if ! command -v cargo >/dev/null 2>&1; then
	echo "native/build.sh: cargo is missing; install Rust 1.85 or newer (https://rustup.rs) and run make setup again" >&2
	exit 1
fi
if ! command -v "${CC:-cc}" >/dev/null 2>&1; then
	echo "native/build.sh: a C compiler is missing; install gcc or clang and run make setup again" >&2
	exit 1
fi

cd "$here"
due=$(
	{
		rustc -vV
		echo "target ${CARGO_BUILD_TARGET:-host}"
		find Cargo.toml Cargo.lock build.sh src include -type f | LC_ALL=C sort | while read -r file; do sha "$file"; done
	} | sha | cut -d' ' -f1
)
if [ -f "$archive" ] && [ -f "$stamp" ] && [ -f "$inputs" ] && [ "$(cat "$inputs")" = "$due" ]; then
	exit 0
fi
if [ "${1:-}" = --check ]; then
	echo "native/build.sh: $archive is out of date; run make setup" >&2
	exit 1
fi

cargo build --locked --release --target-dir "$here/target"
built=$here/target/${CARGO_BUILD_TARGET:+$CARGO_BUILD_TARGET/}release/libmlxgen_native.a

# Each output appears whole or not at all, and the digest of the inputs last.
mkdir -p "$lib"
cp "$built" "$archive.new"
mv "$archive.new" "$archive"
digest=$(sha "$archive" | cut -d' ' -f1)
printf '// Written by native/build.sh.\n#define MLXGEN_ARCHIVE "%s"\n' "$digest" >"$stamp.new"
mv "$stamp.new" "$stamp"
echo "$due" >"$inputs.new"
mv "$inputs.new" "$inputs"
echo "native/build.sh: built $archive"
