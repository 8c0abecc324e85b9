"""The texts that the golden encodings are of: many languages, and what breaks tokenizers."""

PROSE = """
The quick brown fox jumps over the lazy dog, and nobody minds. It's 12:30 already; they're late!
Der schnelle braune Fuchs springt über den faulen Hund. Straße, Größe, Maß, ÄÖÜ.
Le cœur déçu mais l'âme plutôt naïve, Louÿs rêva de crapaüter en canoë au-delà des îles.
El pingüino Wenceslao hizo kilómetros bajo exhaustiva lluvia y frío, ¿verdad? ¡Sí!
Съешь же ещё этих мягких французских булок, да выпей чаю. Жебракують філософи.
Ξεσκεπάζω την ψυχοφθόρα βδελυγμία. Καλημέρα κόσμε.
いろはにほへと ちりぬるを 我が世誰ぞ常ならむ。東京タワーは高い。カタカナ。
天地玄黃，宇宙洪荒。日月盈昃，辰宿列張。我能吞下玻璃而不伤身体。
키스의 고유조건은 입술끼리 만나야 하고 특별한 기술은 필요치 않다.
نص حكيم له سر قاطع وذو شأن عظيم مكتوب على ثوب أخضر ومغلف بجلد أزرق.
דג סקרן שט בים מאוכזב ולפתע מצא חברה. שלום עולם.
ऋषियों को सताने वाले दुष्ट राक्षसों के राजा रावण का सर्वनाश करने वाले विष्णु।
เป็นมนุษย์สุดประเสริฐเลิศคุณค่า กว่าบรรดาฝูงสัตว์เดรัจฉาน
Giấc mơ nhỏ của tôi là được bay xa. Tiếng Việt có nhiều dấu.
Pijamalı hasta yağız şoföre çabucak güvendi. İstanbul'da ıssız.
Ætt og þjóð, ðe Íslendingar. Smørrebrød på Ærø. Żółć, gęślą jaźń.
def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\n\nprint([fib(i) for i in range(10)])
{"name": "value", "list": [1, 2.5, -3e10, null, true], "nested": {"a": "b\\n"}}
<html><body class="x">&amp; &lt;p&gt; text</body></html> SELECT * FROM t WHERE a >= 'x' -- comment
x = 1234567890 + 0.000123 - 1e-9 * 3.14159265358979; y = 0xdeadBEEF; z = 1_000_000
https://example.org/path/to?query=string&other=%20#fragment user.name+tag@example.com
""".strip().split("\n")

HOSTILE = [
    "",
    " ",
    "  ",
    "\n",
    "\n\n\n",
    "\t",
    "\r\n",
    "\r",
    " \n ",
    "\x00",
    "a\x00b",
    "\x00\x00\x00",
    "\x00 leading and trailing \x00",
    "\x01\x02\x1f\x7f\x80\x9f",
    "\u00a0",
    "a\u00a0b",
    "\u2003em\u2003space\u3000ideographic",
    "\u200bzero\u200bwidth\u200c\u200d\u2060",
    "\ufeffbom",
    "soft\u00adhyphen",
    "e\u0301 vs \u00e9",
    "a\u0300\u0301\u0302\u0303\u0304\u0305 zalgo",
    "\u0301alone",
    "n\u0303 \u1e9b\u0323 \u212b \u2126 \ufb01 \uff21\uff22",
    "\u1100\u1161\u11a8 \uac01 jamo",
    "👩‍👩‍👧‍👦",
    "👩🏽‍🚀👨‍💻🧑‍🤝‍🧑",
    "🏳️‍🌈🏴‍☠️🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "🇩🇪🇯🇵🇺🇳",
    "1️⃣ #️⃣ ☎️ ☎︎",
    "😀😀😀😀",
    "text😀text",
    "\U0001f468\u200d",
    "𝒳𝓎𝕫 𝟘𝟙𝟚 Ⅷ ½ ² ³",
    "𠜎𠜱𠝹𡃁",
    "\U0010ffff\U000e0001\ue000\uf8ff",
    "\ufffd",
    "\ufffd\ufffd a\ufffd",
    "\ufffe\uffff",
    "Ḽơᶉëᶆ ȋṕšᶙṁ",
    "ＦＵＬＬ　ＷＩＤＴＨ　１２３",
    "ｶﾀｶﾅ ﾊﾝｶｸ",
    "שָׁלוֹם עֲלֵיכֶם",
    "السَّلَامُ عَلَيْكُمْ",
    "mixed עברית and English العربية 123",
    "\u202eright to left override\u202c",
    "\u2066isolate\u2069\u061c",
    "ไม่มีช่องว่างระหว่างคำ",
    "འབྲུག་ཡུལ",
    "ქართული ᚠᛇᚻ ⠓⠑⠇⠇⠕",
    "İıiI ß ẞ ſ ŉ ǰ",
    "ΑΒΓ Σίσυφος ΣΊΣΥΦΟΣ",
    "don't won't I'll you've she'd we're it's 'S 'LL",
    "DON'T I'LL YOU'VE",
    "’quote’ “double” ‘single’ «guillemets» „low“",
    "1 12 123 1234 12345 123456 1234567890",
    "0000 00001 1.000.000,00 1,000,000.00",
    "٠١٢٣ ०१२३ ๐๑๒๓ 〇一二三",
    "3.14 .5 5. -1 +1 1e10 1E-10 0x1F",
    "a.b.c...d..e",
    "!!!???...---___***",
    "!@#$%^&*()_+-=[]{}|;':\",./<>?`~",
    "((((()))))",
    "camelCaseWordsAndXMLHttpRequest snake_case_words kebab-case-words",
    "ALLCAPS lowercase MixedCase",
    "a b c d e f g",
    "a  b   c    d",
    " leading",
    "trailing ",
    "  both  ",
    "\tindented\n\t\tmore\n",
    "line one\nline two\r\nline three\rline four",
    "a \n b",
    "a\n \nb",
    "a\n\n  \n\nb",
    "   \n\t  x",
    "word" * 20,
    "a" * 200,
    "ab" * 150,
    "é" * 80,
    "東" * 80,
    "😀" * 40,
    " " * 100,
    " " * 501,
    "\n" * 60,
    "\t" * 33,
    " \n" * 40,
    "a" + " " * 64 + "b",
    "=" * 128,
    "-" * 77,
    ". " * 50,
    "0" * 100,
    "9" * 37,
    "supercalifragilisticexpialidocious" * 3,
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    "<s>",
    "</s>",
    "<s>text</s>",
    "< s >",
    "<S>",
    "<pad><unk><s>",
    "<|im_start|>user\nHello<|im_end|>",
    "<|im_start|",
    "|im_start|>",
    "<|im_start|><|im_start|>",
    "<|IM_START|>",
    "<|endoftext|> <|endoftext|>",
    "  <|im_end|>  ",
    "a<|im_end|>b",
    "<tool_call>{}</tool_call>",
    " <tool_call> ",
    "<tool_call",
    "<mask>",
    "the <mask> sat",
    "the<mask>sat",
    "[CLS] [SEP] [MASK] [UNK] [PAD]",
    "[cls]",
    "x[SEP]y",
    "##ing ##",
    "▁▁▁",
    "▁a▁ b",
    "a▁b",
    "Ġword Ċ",
    "<0x41><0x0A>",
    "<0xE2>",
    "<unk>",
    "user_token_1 and user_token_2",
    "xuser_token_1y",
    "User_Token_1",
    "\\n \\t \\u00e9 \\x00",
    "${var} %s %d {0} {{ jinja }} {% tag %}",
    "'; DROP TABLE users; --",
    "../../../etc/passwd",
    "\x1b[31mred\x1b[0m",
    "\udbff".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
    "caf\u00e9 cafe\u0301 CAFÉ",
    "ﷺ ﷽",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘",
    "ᄀᄀᄀ각ᆨᆨ",
    "नमस्ते क्षत्रिय ज्ञान",
    "ಕನ್ನಡ தமிழ் తెలుగు മലയാളം বাংলা",
    "ייִדיש",
    "Māori Hawaiʻi ʻokina",
    "H₂O CO₂ x² + y² = z² ∑∫√∞≠≤≥",
    "→ ← ↑ ↓ ⇒ ⇔ ★ ☆ ♠ ♥ ✓ ✗",
    "┌─┬─┐│ │ │└─┴─┘",
    "№ § ¶ † ‡ • … ‰ € £ ¥ ₹ ₿",
]


def texts():
    """All texts: the lists, and pieces and joins of the prose."""
    out = PROSE + HOSTILE
    for line in PROSE:
        words = line.split(" ")
        out += [" " + line, line.upper(), line[: len(line) // 2], " ".join(reversed(words)), line[::-1]]
    for first, second in zip(PROSE, HOSTILE[5:]):
        out.append(first + second + first)
    out.append("\n".join(PROSE))
    return list(dict.fromkeys(out))
