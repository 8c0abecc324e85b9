//! The C interface that github.com/daulet/tokenizers v1.27.0 links against.
//!
//! Its Go package finds here what its own library would give it, with two differences: nothing
//! panics or aborts, and tiktoken files are refused.

use std::ffi::{CStr, CString, c_char};
use std::ptr;

use tokenizers::{TruncationDirection, TruncationParams};

use crate::ffi::{Failure, Kind, guard, slice};
use crate::tokenizer::{Encoding, Tokenizer};
use crate::tokenizer_abi::Handle;

#[repr(C)]
pub struct Options {
    encode_special_tokens: bool,
}

#[repr(C)]
pub struct EncodeOptions {
    add_special_tokens: bool,
    return_type_ids: bool,
    return_tokens: bool,
    return_special_tokens_mask: bool,
    return_attention_mask: bool,
    return_offsets: bool,
}

#[repr(C)]
pub struct Buffer {
    ids: *mut u32,
    type_ids: *mut u32,
    special_tokens_mask: *mut u32,
    attention_mask: *mut u32,
    tokens: *mut *mut c_char,
    offsets: *mut usize,
    len: usize,
}

/// Where `ids` of an empty encoding points: not null, which means failure, and not a small integer,
/// which Go's stack scan takes for a corrupt pointer.
static EMPTY: u32 = 0;

/// Fails to link when the Go package expects another version of the interface.
#[unsafe(no_mangle)]
pub extern "C" fn tokenizers_version_1_26_0() {}

#[unsafe(no_mangle)]
pub extern "C" fn tokenizers_version() -> *const c_char {
    c"1.26.0".as_ptr()
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenizers_from_bytes(
    bytes: *const u8,
    len: u32,
    options: *const Options,
    error: *mut *mut c_char,
) -> *mut Handle {
    let work = || {
        let mut tokenizer = Tokenizer::from_json(unsafe { slice(bytes, len as usize) })?;
        let special = unsafe { options.as_ref() }.is_some_and(|options| options.encode_special_tokens);
        tokenizer.inner_mut().set_encode_special_tokens(special);
        Ok(tokenizer)
    };
    unsafe { open(error, work) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenizers_from_bytes_with_truncation(
    bytes: *const u8,
    len: u32,
    max_length: usize,
    direction: u8,
    error: *mut *mut c_char,
) -> *mut Handle {
    let work = || {
        let direction = match direction {
            0 => TruncationDirection::Left,
            1 => TruncationDirection::Right,
            other => return Err(Failure::from(format!("no truncation direction {other}"))),
        };
        let mut tokenizer = Tokenizer::from_json(unsafe { slice(bytes, len as usize) })?;
        let params = TruncationParams { max_length, direction, ..Default::default() };
        tokenizer.inner_mut().with_truncation(Some(params)).map_err(|err| Failure::from(err.to_string()))?;
        Ok(tokenizer)
    };
    unsafe { open(error, work) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenizers_from_file(path: *const c_char, error: *mut *mut c_char) -> *mut Handle {
    let work = || {
        let path = unsafe { c_text(path) }?;
        let json = std::fs::read(path).map_err(|err| Failure::from(format!("{path}: {err}")))?;
        Tokenizer::from_json(&json).map_err(|err| Failure { message: format!("{path}: {}", err.message), ..err })
    };
    unsafe { open(error, work) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenizers_from_tiktoken(
    _model: *const c_char,
    _config: *const c_char,
    _pattern: *const c_char,
    error: *mut *mut c_char,
) -> *mut Handle {
    let work = || Err(Failure::new(Kind::Invalid, "tiktoken files are not supported: convert them to tokenizer.json"));
    unsafe { open(error, work) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenizers_encode(
    handle: *const Handle,
    message: *const c_char,
    options: *const EncodeOptions,
) -> Buffer {
    let work = || {
        let options = unsafe { options.as_ref() }.ok_or_else(|| Failure::new(Kind::Invalid, "no options"))?;
        let encoding = unsafe { Handle::get(handle)?.encode(c_text(message)?, options.add_special_tokens)? };
        Ok(Buffer::new(&encoding, options))
    };
    guard(work).unwrap_or(Buffer::FAILED)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenizers_decode(
    handle: *const Handle,
    ids: *const u32,
    len: u32,
    skip_special: bool,
) -> *mut c_char {
    let work = || {
        let text = unsafe { Handle::get(handle)?.decode(slice(ids, len as usize), skip_special)? };
        Ok(c_string(&text))
    };
    guard(work).unwrap_or(ptr::null_mut())
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenizers_vocab_size(handle: *const Handle) -> u32 {
    guard(|| Ok(unsafe { Handle::get(handle)? }.vocab_size(true) as u32)).unwrap_or(0)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenizers_free_tokenizer(handle: *mut Handle) {
    let _ = guard(|| {
        unsafe { Handle::free(handle) };
        Ok(())
    });
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenizers_free_buffer(buffer: Buffer) {
    let _ = guard(|| {
        unsafe { buffer.free() };
        Ok(())
    });
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn tokenizers_free_string(string: *mut c_char) {
    if !string.is_null() {
        drop(unsafe { CString::from_raw(string) });
    }
}

/// Runs `work` and hands out its tokenizer, or null and the reason.
unsafe fn open(error: *mut *mut c_char, work: impl FnOnce() -> Result<Tokenizer, Failure>) -> *mut Handle {
    match guard(work) {
        Ok(tokenizer) => Handle::into_raw(tokenizer),
        Err(failure) => {
            if !error.is_null() {
                unsafe { error.write(c_string(&failure.message)) };
            }
            ptr::null_mut()
        }
    }
}

/// The text of a C string.
unsafe fn c_text<'a>(string: *const c_char) -> Result<&'a str, Failure> {
    if string.is_null() {
        return Err(Failure::new(Kind::Invalid, "no text"));
    }
    unsafe { CStr::from_ptr(string) }.to_str().map_err(|err| Failure::from(err.to_string()))
}

/// `text` as a C string, up to its first NUL.
fn c_string(text: &str) -> *mut c_char {
    let end = text.find('\0').unwrap_or(text.len());
    CString::new(&text[..end]).map_or(ptr::null_mut(), CString::into_raw)
}

/// A boxed slice handed to C; its length travels beside it.
fn leak<T>(items: Vec<T>) -> *mut T {
    Box::into_raw(items.into_boxed_slice()).cast()
}

/// Takes back what [`leak`] gave.
unsafe fn unleak<T>(items: *mut T, len: usize) -> Vec<T> {
    if items.is_null() {
        return Vec::new();
    }
    unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(items, len)) }.into_vec()
}

impl Buffer {
    const FAILED: Buffer = Buffer {
        ids: ptr::null_mut(),
        type_ids: ptr::null_mut(),
        special_tokens_mask: ptr::null_mut(),
        attention_mask: ptr::null_mut(),
        tokens: ptr::null_mut(),
        offsets: ptr::null_mut(),
        len: 0,
    };

    fn new(encoding: &Encoding, options: &EncodeOptions) -> Buffer {
        let len = encoding.len();
        if len == 0 {
            return Buffer { ids: (&raw const EMPTY).cast_mut(), ..Buffer::FAILED };
        }
        let wanted = |wanted: bool, values: &[u32]| if wanted { leak(values.to_vec()) } else { ptr::null_mut() };
        let tokens = || leak(encoding.get_tokens().iter().map(|token| c_string(token)).collect());
        let offsets = || leak(encoding.get_offsets().iter().flat_map(|&(start, end)| [start, end]).collect());
        Buffer {
            ids: wanted(true, encoding.get_ids()),
            type_ids: wanted(options.return_type_ids, encoding.get_type_ids()),
            special_tokens_mask: wanted(options.return_special_tokens_mask, encoding.get_special_tokens_mask()),
            attention_mask: wanted(options.return_attention_mask, encoding.get_attention_mask()),
            tokens: if options.return_tokens { tokens() } else { ptr::null_mut() },
            offsets: if options.return_offsets { offsets() } else { ptr::null_mut() },
            len,
        }
    }

    unsafe fn free(self) {
        if self.len == 0 {
            return;
        }
        unsafe {
            for ids in [self.ids, self.type_ids, self.special_tokens_mask, self.attention_mask] {
                drop(unleak(ids, self.len));
            }
            for token in unleak(self.tokens, self.len) {
                tokenizers_free_string(token);
            }
            drop(unleak(self.offsets, self.len * 2));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &[u8] = br#"{"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,
        "pre_tokenizer":null,"post_processor":null,"decoder":null,
        "model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}}"#;

    #[test]
    fn round_trip() {
        unsafe {
            let mut error = ptr::null_mut();
            let handle = tokenizers_from_bytes(JSON.as_ptr(), JSON.len() as u32, ptr::null(), &mut error);
            assert!(!handle.is_null());
            let options = EncodeOptions {
                add_special_tokens: true,
                return_type_ids: true,
                return_tokens: true,
                return_special_tokens_mask: true,
                return_attention_mask: true,
                return_offsets: true,
            };
            let buffer = tokenizers_encode(handle, c"aba".as_ptr(), &options);
            assert_eq!(slice(buffer.ids, buffer.len), [2, 0]);
            assert_eq!(slice(buffer.offsets, buffer.len * 2), [0, 2, 2, 3]);
            tokenizers_free_buffer(buffer);
            let nothing = tokenizers_encode(handle, c"zzz".as_ptr(), &options);
            assert!(nothing.len == 0 && !nothing.ids.is_null());
            tokenizers_free_buffer(nothing);
            let text = tokenizers_decode(handle, [2u32, 0].as_ptr(), 2, false);
            assert_eq!(CStr::from_ptr(text), c"ab a");
            tokenizers_free_string(text);
            assert_eq!(tokenizers_vocab_size(handle), 3);
            tokenizers_free_tokenizer(handle);
        }
    }

    #[test]
    fn failures_carry_a_reason() {
        unsafe {
            for bytes in [&b"{}"[..], b"", b"\xff"] {
                let mut error = ptr::null_mut();
                assert!(tokenizers_from_bytes(bytes.as_ptr(), bytes.len() as u32, ptr::null(), &mut error).is_null());
                assert!(!CStr::from_ptr(error).is_empty());
                tokenizers_free_string(error);
            }
            let mut error = ptr::null_mut();
            assert!(tokenizers_from_file(c"/nowhere/tokenizer.json".as_ptr(), &mut error).is_null());
            assert!(CStr::from_ptr(error).to_str().unwrap().starts_with("/nowhere/"));
            tokenizers_free_string(error);
            let mut error = ptr::null_mut();
            assert!(tokenizers_from_tiktoken(ptr::null(), ptr::null(), ptr::null(), &mut error).is_null());
            tokenizers_free_string(error);
            assert!(tokenizers_encode(ptr::null(), c"a".as_ptr(), ptr::null()).ids.is_null());
            assert!(tokenizers_decode(ptr::null(), ptr::null(), 0, false).is_null());
        }
    }
}
