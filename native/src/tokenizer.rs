//! A tokenizer as this project uses it: the Hugging Face library, with what a prompt never wants
//! (truncation, padding) switched off and files that would exhaust memory refused.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokenizers::{AddedToken, Tokenizer as Inner};

use crate::ffi::{Failure, Kind};

/// How many times longer than its input the configured replacements may make a text.
const MAX_GROWTH: f64 = 4096.0;
/// How many steps one part (normalizer, decoder, …) of a tokenizer may have.
const MAX_STEPS: usize = 256;
/// How often a post-processor may repeat the text.
const MAX_REPEATS: usize = 4;

/// A loaded tokenizer; every method that takes `&self` may run on several threads.
pub struct Tokenizer {
    inner: Inner,
}

/// What encoding a text yields.
pub type Encoding = tokenizers::Encoding;

impl Tokenizer {
    /// Reads the bytes of a tokenizer.json.
    ///
    /// Truncation and padding stored in the file are dropped, as Transformers drops them for a plain call.
    ///
    /// # Errors
    /// Fails on anything the library cannot read, and on files whose replacements would multiply
    /// a text beyond any use.
    pub fn from_json(json: &[u8]) -> Result<Tokenizer, Failure> {
        check_growth(json)?;
        let mut inner = Inner::from_bytes(json).map_err(invalid)?;
        inner.with_padding(None);
        inner.with_truncation(None).map_err(invalid)?;
        Ok(Tokenizer { inner })
    }

    /// The library's own tokenizer, for settings that only daulet's interface has.
    pub fn inner_mut(&mut self) -> &mut Inner {
        &mut self.inner
    }

    /// Encodes `text`; `add_special` lets the post-processor add its tokens.
    ///
    /// # Errors
    /// Fails where the model cannot represent the text (no unknown token, a broken merge table).
    pub fn encode(&self, text: &str, add_special: bool) -> Result<Encoding, Failure> {
        self.inner.encode(text, add_special).map_err(invalid)
    }

    /// Encodes `text` to ids alone, without offsets.
    ///
    /// # Errors
    /// As [`Tokenizer::encode`].
    pub fn encode_ids(&self, text: &str, add_special: bool) -> Result<Vec<u32>, Failure> {
        let encoding = self.inner.encode_fast(text, add_special).map_err(invalid)?;
        Ok(encoding.get_ids().to_vec())
    }

    /// Decodes `ids`; ids without a token are skipped, as are special ones where `skip_special`.
    ///
    /// # Errors
    /// Fails where the decoder does.
    pub fn decode(&self, ids: &[u32], skip_special: bool) -> Result<String, Failure> {
        self.inner.decode(ids, skip_special).map_err(invalid)
    }

    /// How many tokens there are, with or without the added ones.
    pub fn vocab_size(&self, with_added: bool) -> usize {
        self.inner.get_vocab_size(with_added)
    }

    /// The id of `token`.
    pub fn token_to_id(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    /// The token of `id`.
    pub fn id_to_token(&self, id: u32) -> Option<String> {
        self.inner.id_to_token(id)
    }

    /// The added tokens by id.
    pub fn added_tokens(&self) -> Vec<(u32, AddedToken)> {
        let mut tokens: Vec<_> = self.inner.get_added_tokens_decoder().into_iter().collect();
        tokens.sort_by_key(|(id, _)| *id);
        tokens
    }

    /// The decoder as tokenizer.json describes it.
    ///
    /// # Errors
    /// Fails where the decoder cannot be described.
    pub fn decoder_json(&self) -> Result<String, Failure> {
        serde_json::to_string(&self.inner.get_decoder()).map_err(invalid)
    }

    /// Adds tokens; one that exists keeps its id and takes the new properties.
    ///
    /// # Errors
    /// Fails where the library cannot match the tokens.
    pub fn add_tokens(&mut self, tokens: Vec<AddedToken>) -> Result<(), Failure> {
        self.inner.add_tokens(tokens).map_err(invalid)?;
        Ok(())
    }
}

fn invalid(err: impl std::fmt::Display) -> Failure {
    Failure::new(Kind::Invalid, err.to_string())
}

/// The parts of a tokenizer.json that can multiply a text.
#[derive(Deserialize)]
struct Parts<'a> {
    #[serde(borrow, default)]
    normalizer: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pre_tokenizer: Option<&'a RawValue>,
    #[serde(borrow, default)]
    post_processor: Option<&'a RawValue>,
    #[serde(borrow, default)]
    decoder: Option<&'a RawValue>,
}

/// Refuses files that would turn a short text into more than fits in memory: there is no
/// recovering from a failed allocation.
fn check_growth(json: &[u8]) -> Result<(), Failure> {
    let parts: Parts =
        serde_json::from_slice(json).map_err(|err| Failure::from(format!("not a tokenizer.json: {err}")))?;
    let named = [
        ("normalizer", parts.normalizer),
        ("pre_tokenizer", parts.pre_tokenizer),
        ("post_processor", parts.post_processor),
        ("decoder", parts.decoder),
    ];
    for (name, part) in named {
        let Some(part) = part else { continue };
        let part: Value = serde_json::from_str(part.get()).map_err(|err| Failure::from(format!("{name}: {err}")))?;
        let mut cost = Cost { growth: 1.0, steps: 0, repeats: 0 };
        cost.add(&part);
        if cost.growth > MAX_GROWTH {
            return Err(Failure::from(format!(
                "{name} may make a text {} times longer; {MAX_GROWTH} is the limit",
                cost.growth
            )));
        }
        if cost.steps > MAX_STEPS {
            return Err(Failure::from(format!("{name} has {} steps; {MAX_STEPS} is the limit", cost.steps)));
        }
        if cost.repeats > MAX_REPEATS {
            return Err(Failure::from(format!(
                "{name} repeats the text {} times; {MAX_REPEATS} is the limit",
                cost.repeats
            )));
        }
    }
    Ok(())
}

/// What applying a part costs at worst.
struct Cost {
    growth: f64,
    steps: usize,
    repeats: usize,
}

impl Cost {
    fn add(&mut self, part: &Value) {
        match part {
            Value::Object(fields) => {
                if fields.contains_key("type") {
                    self.steps += 1;
                }
                if let (Some(pattern), Some(Value::String(content))) = (fields.get("pattern"), fields.get("content")) {
                    let shortest = match pattern.get("String") {
                        Some(Value::String(text)) => text.len().max(1),
                        _ => 1,
                    };
                    // An empty match inserts between two characters, hence the 1.
                    self.growth *= 1.0 + content.len() as f64 / shortest as f64;
                }
                if let Some(Value::Array(single)) = fields.get("single") {
                    let texts = single.iter().filter(|piece| piece.get("Sequence").is_some()).count();
                    self.repeats = self.repeats.max(texts);
                }
                fields.values().for_each(|value| self.add(value));
            }
            Value::Array(items) => items.iter().for_each(|item| self.add(item)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ffi::guard;

    /// A byte-level tokenizer of three letters, with `extra` among its fields.
    fn tiny(extra: &str) -> String {
        format!(
            r#"{{"version":"1.0","truncation":{{"max_length":2,"strategy":"LongestFirst","stride":0,"direction":"Right"}},
            "padding":{{"strategy":{{"Fixed":1000000000000}},"direction":"Right","pad_to_multiple_of":null,"pad_id":0,"pad_type_id":0,"pad_token":"a"}},
            "added_tokens":[{{"id":3,"content":"<s>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}}],
            {extra}
            "model":{{"type":"BPE","vocab":{{"a":0,"b":1,"ab":2,"<s>":3}},"merges":[["a","b"]]}}}}"#
        )
    }

    #[test]
    fn padding_and_truncation_of_the_file_are_dropped() {
        let tokenizer = Tokenizer::from_json(tiny("").as_bytes()).unwrap();
        assert_eq!(tokenizer.encode_ids("<s>abba", false).unwrap(), vec![3, 2, 1, 0]);
        assert_eq!(tokenizer.decode(&[3, 2], true).unwrap(), "ab");
        assert_eq!(tokenizer.vocab_size(true), 4);
        assert_eq!(tokenizer.added_tokens()[0].1.content, "<s>");
    }

    #[test]
    fn hostile_files_are_errors() {
        let charsmap = r#""normalizer":{"type":"Precompiled","precompiled_charsmap":""},"#;
        assert!(guard(|| Tokenizer::from_json(tiny(charsmap).as_bytes())).is_err());
        let doubling: Vec<_> =
            (0..40).map(|_| r#"{"type":"Replace","pattern":{"String":"a"},"content":"aa"}"#).collect();
        let doubling = format!(r#""normalizer":{{"type":"Sequence","normalizers":[{}]}},"#, doubling.join(","));
        let failure = Tokenizer::from_json(tiny(&doubling).as_bytes()).err().unwrap();
        assert!(failure.message.contains("times longer"), "{}", failure.message);
        let nested = format!(r#""normalizer":{}{},"#, "[".repeat(5000), "]".repeat(5000));
        assert!(Tokenizer::from_json(tiny(&nested).as_bytes()).is_err());
        for bytes in [&b""[..], b"{}", b"[]", b"null", b"{\"version\":\"1.0\"}", b"\xff\xfe"] {
            assert!(guard(|| Tokenizer::from_json(bytes)).is_err());
        }
    }

    #[test]
    fn a_panic_while_encoding_is_a_failure() {
        let fixed = r#""pre_tokenizer":{"type":"FixedLength","length":0},"#;
        if let Ok(tokenizer) = Tokenizer::from_json(tiny(fixed).as_bytes()) {
            let failure = guard(|| tokenizer.encode_ids("ab", false)).unwrap_err();
            assert_eq!(failure.kind, Kind::Panic);
        }
    }
}
