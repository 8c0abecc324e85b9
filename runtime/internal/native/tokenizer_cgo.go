package native

/*
#include "mlxgen_native.h"
*/
import "C"

import (
	"encoding/json"
	"fmt"
	"runtime"
	"unsafe"
)

// Tokenizer calls the library on a tokenizer that somebody else opened and will close. Its methods
// may run on several goroutines at once, but for AddTokens.
type Tokenizer struct {
	handle unsafe.Pointer
}

// NewTokenizer wraps the handle that the library's tokenizers_from_bytes returned.
func NewTokenizer(handle unsafe.Pointer) Tokenizer {
	return Tokenizer{handle}
}

// Encode returns the ids of text, which may hold NUL bytes. With addSpecial the post-processor adds
// its tokens. It fails on text that is not valid UTF-8 and where the model has no token for a part.
func (t Tokenizer) Encode(text string, addSpecial bool) ([]int32, error) {
	var ids C.mlxgen_ids
	var fail C.mlxgen_error
	ok := C.mlxgen_tokenizer_encode(t.handle, bytesOf(text), C.size_t(len(text)), C.bool(addSpecial), &ids, &fail)
	runtime.KeepAlive(text)
	if !ok {
		return nil, take(fail)
	}
	defer C.mlxgen_ids_free(ids)
	out := make([]int32, int(ids.len))
	copy(out, unsafe.Slice((*int32)(unsafe.Pointer(ids.data)), len(out)))
	return out, nil
}

// Decode returns the text of ids; ids without a token are left out, as are special ones with
// skipSpecial. It fails where the decoder does.
func (t Tokenizer) Decode(ids []int32, skipSpecial bool) (string, error) {
	var text C.mlxgen_bytes
	var fail C.mlxgen_error
	data := (*C.uint32_t)(unsafe.Pointer(unsafe.SliceData(ids)))
	if !C.mlxgen_tokenizer_decode(t.handle, data, C.size_t(len(ids)), C.bool(skipSpecial), &text, &fail) {
		return "", take(fail)
	}
	return takeString(text), nil
}

// VocabSize counts the tokens, with or without the added ones.
func (t Tokenizer) VocabSize(withAdded bool) (int, error) {
	var size C.size_t
	var fail C.mlxgen_error
	if !C.mlxgen_tokenizer_vocab_size(t.handle, C.bool(withAdded), &size, &fail) {
		return 0, take(fail)
	}
	return int(size), nil
}

// TokenToID returns the id of a token, and whether there is one.
func (t Tokenizer) TokenToID(token string) (int32, bool, error) {
	var id C.int64_t
	var fail C.mlxgen_error
	ok := C.mlxgen_tokenizer_token_to_id(t.handle, bytesOf(token), C.size_t(len(token)), &id, &fail)
	runtime.KeepAlive(token)
	if !ok {
		return 0, false, take(fail)
	}
	return int32(id), id >= 0, nil
}

// IDToToken returns the token of an id, and whether there is one.
func (t Tokenizer) IDToToken(id int32) (string, bool, error) {
	var found C.bool
	var token C.mlxgen_bytes
	var fail C.mlxgen_error
	if !C.mlxgen_tokenizer_id_to_token(t.handle, C.uint32_t(id), &found, &token, &fail) {
		return "", false, take(fail)
	}
	return takeString(token), bool(found), nil
}

// AddedTokens returns the added tokens by id.
func (t Tokenizer) AddedTokens() ([]AddedToken, error) {
	var data C.mlxgen_bytes
	var fail C.mlxgen_error
	if !C.mlxgen_tokenizer_added_tokens(t.handle, &data, &fail) {
		return nil, take(fail)
	}
	var tokens []AddedToken
	if err := json.Unmarshal([]byte(takeString(data)), &tokens); err != nil {
		return nil, fmt.Errorf("reading the added tokens: %w", err)
	}
	return tokens, nil
}

// Decoder returns the decoder as tokenizer.json describes it, or null.
func (t Tokenizer) Decoder() ([]byte, error) {
	var data C.mlxgen_bytes
	var fail C.mlxgen_error
	if !C.mlxgen_tokenizer_decoder(t.handle, &data, &fail) {
		return nil, take(fail)
	}
	return []byte(takeString(data)), nil
}

// AddTokens adds tokens; one that exists keeps its id and takes the new properties, and the IDs given
// are ignored. No other method may run meanwhile.
func (t Tokenizer) AddTokens(tokens []AddedToken) error {
	data, err := json.Marshal(tokens)
	if err != nil {
		return fmt.Errorf("writing the added tokens: %w", err)
	}
	var fail C.mlxgen_error
	if !C.mlxgen_tokenizer_add_tokens(t.handle, (*C.uint8_t)(unsafe.SliceData(data)), C.size_t(len(data)), &fail) {
		return take(fail)
	}
	return nil
}

// bytesOf points at the bytes of a string that outlives the call.
func bytesOf(text string) *C.uint8_t {
	return (*C.uint8_t)(unsafe.StringData(text))
}

// take turns the library's error into ours and frees it.
func take(fail C.mlxgen_error) error {
	err := &Error{Kind: Kind(fail.kind), Line: int(fail.line)}
	err.Message = C.GoStringN((*C.char)(unsafe.Pointer(fail.message.data)), C.int(fail.message.len))
	C.mlxgen_error_free(fail)
	return err
}

// takeString copies the library's bytes and frees them.
func takeString(bytes C.mlxgen_bytes) string {
	defer C.mlxgen_bytes_free(bytes)
	return string(unsafe.Slice((*byte)(unsafe.Pointer(bytes.data)), int(bytes.len)))
}
