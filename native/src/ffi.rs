//! The border to C: owned buffers, errors, and the guard that every export runs in.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

/// What kind of failure a caller sees; the numbers are those of `mlxgen_native.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Kind {
    Invalid = 1,
    Panic = 2,
    Syntax = 3,
    Raised = 4,
    Limit = 5,
}

/// A failure on its way to C.
#[derive(Clone, Debug)]
pub struct Failure {
    pub kind: Kind,
    /// The line of a template, counted from 1; 0 when unknown.
    pub line: u32,
    pub message: String,
}

impl Failure {
    /// A failure without a line.
    pub fn new(kind: Kind, message: impl Into<String>) -> Failure {
        Failure { kind, line: 0, message: message.into() }
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Failure {
        Failure::new(Kind::Invalid, message)
    }
}

/// Bytes handed to C.
#[repr(C)]
#[derive(Debug)]
pub struct Bytes {
    data: *mut u8,
    len: usize,
    cap: usize,
}

/// Token ids handed to C.
#[repr(C)]
#[derive(Debug)]
pub struct Ids {
    data: *mut u32,
    len: usize,
    cap: usize,
}

/// A failure handed to C.
#[repr(C)]
#[derive(Debug)]
pub struct CError {
    kind: i32,
    line: u32,
    message: Bytes,
}

macro_rules! owned_buffer {
    ($name:ident, $item:ty) => {
        impl From<Vec<$item>> for $name {
            fn from(items: Vec<$item>) -> $name {
                let mut items = std::mem::ManuallyDrop::new(items);
                $name { data: items.as_mut_ptr(), len: items.len(), cap: items.capacity() }
            }
        }

        impl $name {
            /// Takes the buffer back from C.
            ///
            /// # Safety
            /// The value comes from `From<Vec>` above and is not used again.
            pub unsafe fn into_vec(self) -> Vec<$item> {
                if self.data.is_null() {
                    return Vec::new();
                }
                unsafe { Vec::from_raw_parts(self.data, self.len, self.cap) }
            }
        }
    };
}

owned_buffer!(Bytes, u8);
owned_buffer!(Ids, u32);

impl From<Failure> for CError {
    fn from(failure: Failure) -> CError {
        CError { kind: failure.kind as i32, line: failure.line, message: failure.message.into_bytes().into() }
    }
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs `work` and turns a panic into a failure; the panic prints nothing.
pub fn guard<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if GUARDED.with(Cell::get) {
                PANIC.with(|text| *text.borrow_mut() = info.to_string());
            } else {
                previous(info);
            }
        }));
    });
    let outer = GUARDED.with(|flag| flag.replace(true));
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    GUARDED.with(|flag| flag.set(outer));
    result.unwrap_or_else(|payload| {
        // Dropping a payload may panic again; ours are strings, but a library's may be anything.
        std::mem::forget(payload);
        let text = PANIC.with(|text| std::mem::take(&mut *text.borrow_mut()));
        Err(Failure::new(Kind::Panic, format!("internal error: {text}")))
    })
}

/// Runs `work` under the guard and stores its result or its failure; true when it succeeded.
///
/// # Safety
/// `out` and `error` are null or valid for writes.
pub unsafe fn export<T, R: From<T>>(
    out: *mut R,
    error: *mut CError,
    work: impl FnOnce() -> Result<T, Failure>,
) -> bool {
    match guard(work) {
        Ok(value) => {
            if !out.is_null() {
                unsafe { out.write(R::from(value)) };
            }
            true
        }
        Err(failure) => {
            if !error.is_null() {
                unsafe { error.write(CError::from(failure)) };
            }
            false
        }
    }
}

/// The items at `data`; an empty slice where the pointer is null.
///
/// # Safety
/// `data` is null or valid for reading `len` items while `'a` lasts.
pub unsafe fn slice<'a, T>(data: *const T, len: usize) -> &'a [T] {
    if data.is_null() || len == 0 {
        return &[];
    }
    unsafe { std::slice::from_raw_parts(data, len) }
}

/// The text at `data`, or a failure naming `what` when it is no UTF-8.
///
/// # Safety
/// As [`slice`].
pub unsafe fn text<'a>(data: *const u8, len: usize, what: &str) -> Result<&'a str, Failure> {
    std::str::from_utf8(unsafe { slice(data, len) })
        .map_err(|err| Failure::from(format!("{what} is not valid UTF-8: {err}")))
}

/// Fails to link when the Go side expects another version of `mlxgen_native.h`: change the number
/// here and there with every change that breaks the interface.
#[unsafe(no_mangle)]
pub extern "C" fn mlxgen_native_abi_1_or_run_make_setup() {}

/// Frees bytes filled by this library.
#[unsafe(no_mangle)]
pub extern "C" fn mlxgen_bytes_free(bytes: Bytes) {
    drop(unsafe { bytes.into_vec() });
}

/// Frees ids filled by this library.
#[unsafe(no_mangle)]
pub extern "C" fn mlxgen_ids_free(ids: Ids) {
    drop(unsafe { ids.into_vec() });
}

/// Frees an error filled by this library.
#[unsafe(no_mangle)]
pub extern "C" fn mlxgen_error_free(error: CError) {
    drop(unsafe { error.message.into_vec() });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_failure() {
        let failure = guard::<()>(|| panic!("broken {}", 7)).unwrap_err();
        assert_eq!(failure.kind, Kind::Panic);
        assert!(failure.message.contains("broken 7"), "{}", failure.message);
        assert_eq!(guard(|| Ok(3)).unwrap(), 3);
    }

    #[test]
    fn buffers_come_back() {
        let ids = Ids::from(vec![1, 2, 3]);
        assert_eq!(unsafe { ids.into_vec() }, vec![1, 2, 3]);
        mlxgen_bytes_free(Bytes::from(Vec::new()));
        assert!(unsafe { text(std::ptr::null(), 5, "it") }.unwrap().is_empty());
        assert!(unsafe { text([0xffu8].as_ptr(), 1, "it") }.is_err());
    }
}
