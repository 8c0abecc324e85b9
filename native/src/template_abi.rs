//! The `mlxgen_template_*` exports. The safety contract of every export is the header's: pointers are
//! valid for their lengths, handles are live.

use std::ptr;

use crate::ffi::{Bytes, CError, Failure, Kind, export, guard, slice, text};
use crate::template::{Template, Time};

#[unsafe(no_mangle)]
pub unsafe extern "C" fn mlxgen_template_compile(source: *const u8, len: usize, error: *mut CError) -> *mut Template {
    let mut template = None;
    let compile = || Template::compile(unsafe { text(source, len, "the template")? });
    unsafe { export(&raw mut template, error, || compile().map(Some)) };
    template.map_or(ptr::null_mut(), |template| Box::into_raw(Box::new(template)))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn mlxgen_template_render(
    template: *const Template,
    vars: *const u8,
    len: usize,
    now: *const Time,
    out: *mut Bytes,
    error: *mut CError,
) -> bool {
    unsafe {
        export(out, error, || {
            let template = template.as_ref().ok_or_else(|| Failure::new(Kind::Invalid, "no template"))?;
            let now = now.as_ref().copied().unwrap_or_default();
            Ok(template.render(slice(vars, len), now)?.into_bytes())
        })
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn mlxgen_template_free(template: *mut Template) {
    let _ = guard(|| {
        if !template.is_null() {
            drop(unsafe { Box::from_raw(template) });
        }
        Ok(())
    });
}
