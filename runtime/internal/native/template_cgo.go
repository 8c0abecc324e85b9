package native

/*
#include "mlxgen_native.h"
*/
import "C"

import (
	"runtime"
	"time"
	"unsafe"
)

// Template is a compiled chat template. It may render on several goroutines at once, and its memory
// is freed with it.
type Template struct {
	handle unsafe.Pointer
}

// CompileTemplate compiles a template. It fails with an [*Error] on one that does not compile.
func CompileTemplate(source string) (*Template, error) {
	var fail C.mlxgen_error
	handle := C.mlxgen_template_compile(bytesOf(source), C.size_t(len(source)), &fail)
	runtime.KeepAlive(source)
	if handle == nil {
		return nil, take(fail)
	}
	template := &Template{handle}
	runtime.AddCleanup(template, func(handle unsafe.Pointer) { C.mlxgen_template_free(handle) }, handle)
	return template, nil
}

// Render renders the template with vars, a JSON object whose keys keep their order, at the moment now.
// It fails with an [*Error] where the template raises or takes too much.
func (t *Template) Render(vars []byte, now time.Time) (string, error) {
	moment := C.mlxgen_time{
		unix_seconds: C.int64_t(now.Unix()),
		year:         C.int32_t(now.Year()),
		month:        C.int32_t(now.Month()),
		day:          C.int32_t(now.Day()),
		hour:         C.int32_t(now.Hour()),
		minute:       C.int32_t(now.Minute()),
		second:       C.int32_t(now.Second()),
		microsecond:  C.int32_t(now.Nanosecond() / 1000),
	}
	var text C.mlxgen_bytes
	var fail C.mlxgen_error
	data := (*C.uint8_t)(unsafe.SliceData(vars))
	ok := C.mlxgen_template_render(t.handle, data, C.size_t(len(vars)), &moment, &text, &fail)
	runtime.KeepAlive(t)
	if !ok {
		return "", take(fail)
	}
	return takeString(text), nil
}
