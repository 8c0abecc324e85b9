package contract

const (
	inertTraining  = "training only"
	inertTokens    = "token ids belong to tokenizer and generation config"
	inertPublisher = "bookkeeping of the publisher"
	inertSwitch    = "chooses what the reference returns, not what it computes"
	inertQuant     = "read by the quantisation reader"
	inertDecoding  = "default of an old generation API; generation_config.json decides"
)

// globalInert lists the config keys that change no arithmetic in any family.
var globalInert = []Inert{
	{"model_type", "read by detection"},
	{"architectures", "read by detection"},
	{"auto_map", inertPublisher},
	{"transformers_version", inertPublisher},
	{"torch_dtype", "the headers say what is stored"},
	{"dtype", "the headers say what is stored"},
	{"is_llama_config", inertPublisher},
	{"unsloth_version", inertPublisher},
	{"unsloth_fixed", inertPublisher},
	{"quantization", inertQuant},
	{"quantization_config", inertQuant},
	{"bos_token_id", inertTokens},
	{"eos_token_id", inertTokens},
	{"pad_token_id", inertTokens},
	{"sep_token_id", inertTokens},
	{"decoder_start_token_id", inertTokens},
	{"initializer_range", inertTraining},
	{"attention_dropout", inertTraining},
	{"hidden_dropout", inertTraining},
	{"resid_pdrop", inertTraining},
	{"embd_pdrop", inertTraining},
	{"gradient_checkpointing", inertTraining},
	{"use_cache", inertSwitch},
	{"output_attentions", inertSwitch},
	{"output_hidden_states", inertSwitch},
	{"return_dict", inertSwitch},
	{"torchscript", inertSwitch},
	{"id2label", "labels of a classifier"},
	{"label2id", "labels of a classifier"},
	{"problem_type", "labels of a classifier"},
	{"chunk_size_feed_forward", "splits the same arithmetic"},
	{"is_decoder", inertSwitch},
	{"is_encoder_decoder", inertSwitch},
	{"do_sample", inertDecoding},
	{"temperature", inertDecoding},
	{"top_k", inertDecoding},
	{"top_p", inertDecoding},
	{"max_length", inertDecoding},
	{"max_sequence_length", "length the publisher advertises"},
	{"max_new_tokens", inertDecoding},
	{"repetition_penalty", inertDecoding},
	{"pretraining_tp", "splits the same arithmetic into slices; Transformers no longer reads it"},
}
