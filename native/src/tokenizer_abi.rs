//! The `mlxgen_tokenizer_*` exports: what daulet's interface lacks or cannot carry (NUL bytes, errors).
//!
//! Handles are those of `tokenizers_from_bytes`. The safety contract of every export is the header's:
//! pointers are valid for their lengths, handles are live.

use serde_json::{Value, json};
use tokenizers::AddedToken;

use crate::ffi::{Bytes, CError, Failure, Ids, Kind, export, slice, text};
use crate::tokenizer::Tokenizer;

/// Marks a live handle, so that a wrong or freed pointer is an error more often than a crash.
const MAGIC: u64 = 0x6d6c_7867_656e_746b;

/// What a handle points to.
pub struct Handle {
    magic: u64,
    pub tokenizer: Tokenizer,
}

impl Handle {
    /// Boxes a tokenizer for C.
    pub fn into_raw(tokenizer: Tokenizer) -> *mut Handle {
        Box::into_raw(Box::new(Handle { magic: MAGIC, tokenizer }))
    }

    /// The tokenizer behind a handle.
    ///
    /// # Safety
    /// `handle` is null or came from [`Handle::into_raw`].
    pub unsafe fn get<'a>(handle: *const Handle) -> Result<&'a Tokenizer, Failure> {
        match unsafe { handle.as_ref() } {
            Some(handle) if handle.magic == MAGIC => Ok(&handle.tokenizer),
            _ => Err(Failure::new(Kind::Invalid, "the tokenizer is closed")),
        }
    }

    /// Frees a handle.
    ///
    /// # Safety
    /// As [`Handle::get`]; the handle is not used again.
    pub unsafe fn free(handle: *mut Handle) {
        if unsafe { Handle::get(handle) }.is_ok() {
            unsafe {
                (*handle).magic = 0;
                drop(Box::from_raw(handle));
            }
        }
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn mlxgen_tokenizer_encode(
    handle: *const Handle,
    data: *const u8,
    len: usize,
    add_special: bool,
    ids: *mut Ids,
    error: *mut CError,
) -> bool {
    unsafe { export(ids, error, || Handle::get(handle)?.encode_ids(text(data, len, "the text")?, add_special)) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn mlxgen_tokenizer_decode(
    handle: *const Handle,
    ids: *const u32,
    len: usize,
    skip_special: bool,
    out: *mut Bytes,
    error: *mut CError,
) -> bool {
    unsafe { export(out, error, || Ok(Handle::get(handle)?.decode(slice(ids, len), skip_special)?.into_bytes())) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn mlxgen_tokenizer_vocab_size(
    handle: *const Handle,
    with_added: bool,
    size: *mut usize,
    error: *mut CError,
) -> bool {
    unsafe { export(size, error, || Ok(Handle::get(handle)?.vocab_size(with_added))) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn mlxgen_tokenizer_token_to_id(
    handle: *const Handle,
    token: *const u8,
    len: usize,
    id: *mut i64,
    error: *mut CError,
) -> bool {
    unsafe {
        export(id, error, || {
            let found = Handle::get(handle)?.token_to_id(text(token, len, "the token")?);
            Ok(found.map_or(-1, i64::from))
        })
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn mlxgen_tokenizer_id_to_token(
    handle: *const Handle,
    id: u32,
    found: *mut bool,
    token: *mut Bytes,
    error: *mut CError,
) -> bool {
    unsafe {
        export(token, error, || {
            let name = Handle::get(handle)?.id_to_token(id);
            if !found.is_null() {
                found.write(name.is_some());
            }
            Ok(name.unwrap_or_default().into_bytes())
        })
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn mlxgen_tokenizer_added_tokens(
    handle: *const Handle,
    out: *mut Bytes,
    error: *mut CError,
) -> bool {
    unsafe {
        export(out, error, || {
            let describe = |(id, token): (u32, AddedToken)| {
                json!({
                    "id": id, "content": token.content, "single_word": token.single_word,
                    "lstrip": token.lstrip, "rstrip": token.rstrip,
                    "normalized": token.normalized, "special": token.special,
                })
            };
            let tokens = Handle::get(handle)?.added_tokens().into_iter().map(describe).collect();
            Ok(Value::Array(tokens).to_string().into_bytes())
        })
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn mlxgen_tokenizer_decoder(handle: *const Handle, out: *mut Bytes, error: *mut CError) -> bool {
    unsafe { export(out, error, || Ok(Handle::get(handle)?.decoder_json()?.into_bytes())) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn mlxgen_tokenizer_add_tokens(
    handle: *mut Handle,
    data: *const u8,
    len: usize,
    error: *mut CError,
) -> bool {
    unsafe {
        export(std::ptr::null_mut::<()>(), error, || {
            Handle::get(handle)?;
            let tokens: Vec<AddedToken> = serde_json::from_slice(slice(data, len))
                .map_err(|err| Failure::new(Kind::Invalid, format!("the added tokens: {err}")))?;
            (*handle).tokenizer.add_tokens(tokens)
        })
    }
}
