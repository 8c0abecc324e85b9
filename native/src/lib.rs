//! Hugging Face tokenizers and chat templates behind a C interface.
//!
//! Two idioms hold everywhere: text crosses the border as pointer and length, and every export runs
//! inside [`ffi::guard`], so that no input can unwind into C or end the process.

mod daulet;
mod ffi;
mod template;
mod template_abi;
mod tokenizer;
mod tokenizer_abi;
