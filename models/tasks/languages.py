"""Language codes and names: ISO 639-1 here, other codes in Apertium, NLLB and Marian."""

from __future__ import annotations

from models.errors import UnsupportedLanguage

NAMES = {
    "ar": "Arabic", "bg": "Bulgarian", "bn": "Bengali", "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German",
    "el": "Greek", "en": "English", "eo": "Esperanto", "es": "Spanish", "et": "Estonian", "eu": "Basque",
    "fa": "Persian", "fi": "Finnish", "fr": "French", "gl": "Galician", "gu": "Gujarati", "he": "Hebrew", "hi": "Hindi",
    "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "is": "Icelandic", "it": "Italian", "ja": "Japanese",
    "km": "Khmer", "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian", "mr": "Marathi", "ms": "Malay",
    "my": "Burmese", "nb": "Norwegian", "nl": "Dutch", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian",
    "ru": "Russian", "sk": "Slovak", "sl": "Slovenian", "sr": "Serbian", "sv": "Swedish", "ta": "Tamil",
    "te": "Telugu", "th": "Thai", "tl": "Tagalog", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu",
    "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip

# As Chinese prompts name them.
CHINESE_NAMES = {
    "ar": "阿拉伯语", "bn": "孟加拉语", "bo": "藏语", "cs": "捷克语", "da": "丹麦语", "de": "德语", "el": "希腊语",
    "en": "英语", "es": "西班牙语", "fa": "波斯语", "fi": "芬兰语", "fr": "法语", "gu": "古吉拉特语", "he": "希伯来语",
    "hi": "印地语", "hu": "匈牙利语", "id": "印尼语", "it": "意大利语", "ja": "日语", "kk": "哈萨克语", "km": "高棉语",
    "ko": "韩语", "mn": "蒙古语", "mr": "马拉地语", "ms": "马来语", "my": "缅甸语", "nl": "荷兰语", "no": "挪威语",
    "pl": "波兰语", "pt": "葡萄牙语", "ro": "罗马尼亚语", "ru": "俄语", "sv": "瑞典语", "ta": "泰米尔语",
    "te": "泰卢固语", "th": "泰语", "tl": "菲律宾语", "tr": "土耳其语", "ug": "维吾尔语", "uk": "乌克兰语",
    "ur": "乌尔都语", "vi": "越南语", "zh": "中文",
}  # fmt: skip

_THREE_LETTERS = {
    "afr": "af", "ara": "ar", "arg": "an", "bel": "be", "bul": "bg", "cat": "ca", "ces": "cs", "cym": "cy",
    "dan": "da", "deu": "de", "ell": "el", "eng": "en", "epo": "eo", "eus": "eu", "fin": "fi", "fra": "fr",
    "glg": "gl", "heb": "he", "hin": "hi", "hun": "hu", "ind": "id", "isl": "is", "ita": "it", "jpn": "ja",
    "kaz": "kk", "kor": "ko", "mkd": "mk", "mlt": "mt", "nld": "nl", "nno": "nn", "nob": "nb", "oci": "oc",
    "pol": "pl", "por": "pt", "ron": "ro", "rus": "ru", "slv": "sl", "spa": "es", "swe": "sv", "tat": "tt",
    "tur": "tr", "ukr": "uk", "urd": "ur", "vie": "vi", "zho": "zh", "zlm": "ms", "cmn": "zh",
}  # fmt: skip

# NLLB-200's codes: language and script.
NLLB = {
    "ar": "arb_Arab", "bg": "bul_Cyrl", "bn": "ben_Beng", "ca": "cat_Latn", "cs": "ces_Latn", "da": "dan_Latn",
    "de": "deu_Latn", "el": "ell_Grek", "en": "eng_Latn", "eo": "epo_Latn", "es": "spa_Latn", "et": "est_Latn",
    "eu": "eus_Latn", "fa": "pes_Arab", "fi": "fin_Latn", "fr": "fra_Latn", "gl": "glg_Latn", "gu": "guj_Gujr",
    "he": "heb_Hebr", "hi": "hin_Deva", "hr": "hrv_Latn", "hu": "hun_Latn", "id": "ind_Latn", "is": "isl_Latn",
    "it": "ita_Latn", "ja": "jpn_Jpan", "km": "khm_Khmr", "ko": "kor_Hang", "lt": "lit_Latn", "lv": "lvs_Latn",
    "mr": "mar_Deva", "ms": "zsm_Latn", "my": "mya_Mymr", "nb": "nob_Latn", "nl": "nld_Latn", "pl": "pol_Latn",
    "pt": "por_Latn", "ro": "ron_Latn", "ru": "rus_Cyrl", "sk": "slk_Latn", "sl": "slv_Latn", "sr": "srp_Cyrl",
    "sv": "swe_Latn", "ta": "tam_Taml", "te": "tel_Telu", "th": "tha_Thai", "tl": "tgl_Latn", "tr": "tur_Latn",
    "uk": "ukr_Cyrl", "ur": "urd_Arab", "vi": "vie_Latn", "zh": "zho_Hans",
}  # fmt: skip


def to_two_letters(code: str) -> str:
    """Give the ISO 639-1 code of a code such as `eng`, `zho_Hans` or `en`; unknown ones come back as they are."""
    plain = code.replace("-", "_").split("_")[0].lower()
    return _THREE_LETTERS.get(plain, plain)


def apertium_pair(mode: str) -> tuple[str, str] | None:
    """Read an Apertium mode such as `eng-spa`; None where it is no pair of two languages (`eng-spa_LATAM` is)."""
    parts = mode.strip().split("-")
    if len(parts) != 2 or not all(parts):
        return None
    return to_two_letters(parts[0]), to_two_letters(parts[1])


def unsupported(source: str, target: str, advice: str = "") -> UnsupportedLanguage:
    """Say which pair cannot be done, and what would do it."""
    pair = f"from {NAMES.get(source, source)} to {NAMES.get(target, target)}"
    help_ = advice or "Choose another model for models.translate."
    return UnsupportedLanguage(f"No model here can translate {pair}. {help_}")
