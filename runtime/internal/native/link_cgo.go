package native

// The second search path holds a linker script of the archive's name: where the archive is missing,
// linking fails with a message that says what to do. The stamp is part of the package's build key, so
// a rebuilt archive is linked again. Neither is there in a fresh clone, where vetting and compiling
// must work all the same.

/*
#cgo CFLAGS: -I${SRCDIR}/../../../native/include
#cgo LDFLAGS: -L${SRCDIR}/../../../build/lib -L${SRCDIR}/../../../native/missing
#cgo linux LDFLAGS: -ltokenizers -ldl -lm -lpthread
#cgo darwin LDFLAGS: -ltokenizers -lc++
#include "mlxgen_native.h"

#if defined(__has_include)
#if __has_include("archive_stamp.h")
#include "archive_stamp.h"
#endif
#endif
#ifndef MLXGEN_ARCHIVE
#define MLXGEN_ARCHIVE ""
#endif

const char mlxgen_archive[] = MLXGEN_ARCHIVE;
void (*mlxgen_abi_check)(void) = &mlxgen_native_abi_1_or_run_make_setup;
*/
import "C"
