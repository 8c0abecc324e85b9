// The C interface of mlxgen-native beyond what daulet/tokenizers declares.
//
// Rules: text travels as pointer and length and may hold NUL bytes. Nothing here panics or aborts on
// bad input: a function that fails fills *error, which the caller frees with mlxgen_error_free.
// Buffers that a function fills are the library's: the caller frees them with the matching function.
#ifndef MLXGEN_NATIVE_H
#define MLXGEN_NATIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Exists in the archive that this header belongs to, and in no other.
void mlxgen_native_abi_1_or_run_make_setup(void);

// Bytes owned by the library; data is NULL when there are none.
typedef struct {
  uint8_t *data;
  size_t len;
  size_t cap;
} mlxgen_bytes;

// Token ids owned by the library.
typedef struct {
  uint32_t *data;
  size_t len;
  size_t cap;
} mlxgen_ids;

// Why a call failed. message.data is NULL when it did not.
typedef struct {
  int32_t kind;  // MLXGEN_ERROR_…
  uint32_t line; // of the template, 0 when unknown
  mlxgen_bytes message;
} mlxgen_error;

enum {
  MLXGEN_ERROR_INVALID = 1, // the input is wrong
  MLXGEN_ERROR_PANIC = 2,   // the input broke the library; nothing else is affected
  MLXGEN_ERROR_SYNTAX = 3,  // the template does not compile
  MLXGEN_ERROR_RAISED = 4,  // the template called raise_exception; message is its text alone
  MLXGEN_ERROR_LIMIT = 5,   // the template needs more time, memory or depth than it may
};

void mlxgen_bytes_free(mlxgen_bytes bytes);
void mlxgen_ids_free(mlxgen_ids ids);
void mlxgen_error_free(mlxgen_error error);

// Tokenizers: handles are those of tokenizers_from_bytes, and tokenizers_free_tokenizer frees them.
// Every call but mlxgen_tokenizer_add_tokens may run on several threads at once.
bool mlxgen_tokenizer_encode(const void *handle, const uint8_t *text, size_t len,
                             bool add_special, mlxgen_ids *ids, mlxgen_error *error);
bool mlxgen_tokenizer_decode(const void *handle, const uint32_t *ids, size_t len,
                             bool skip_special, mlxgen_bytes *text, mlxgen_error *error);
bool mlxgen_tokenizer_vocab_size(const void *handle, bool with_added, size_t *size, mlxgen_error *error);
// Sets *id to -1 where there is no such token.
bool mlxgen_tokenizer_token_to_id(const void *handle, const uint8_t *token, size_t len,
                                  int64_t *id, mlxgen_error *error);
// Sets *found to false where there is no such id.
bool mlxgen_tokenizer_id_to_token(const void *handle, uint32_t id, bool *found,
                                  mlxgen_bytes *token, mlxgen_error *error);
// The added tokens as a JSON list of {id, content, single_word, lstrip, rstrip, normalized, special}.
bool mlxgen_tokenizer_added_tokens(const void *handle, mlxgen_bytes *json, mlxgen_error *error);
// Adds tokens given as such a list (ids are ignored).
bool mlxgen_tokenizer_add_tokens(void *handle, const uint8_t *json, size_t len, mlxgen_error *error);

// A moment in local time, for strftime_now.
typedef struct {
  int64_t unix_seconds;
  int32_t year, month, day, hour, minute, second, microsecond;
} mlxgen_time;

// The decoder as tokenizer.json describes it, or null.
bool mlxgen_tokenizer_decoder(const void *handle, mlxgen_bytes *json, mlxgen_error *error);

// Chat templates. A compiled template may render on several threads at once.
void *mlxgen_template_compile(const uint8_t *source, size_t len, mlxgen_error *error);
// vars is a JSON object; the order of its keys is kept.
bool mlxgen_template_render(const void *handle, const uint8_t *vars, size_t len,
                            const mlxgen_time *now, mlxgen_bytes *text, mlxgen_error *error);
void mlxgen_template_free(void *handle);

#endif
