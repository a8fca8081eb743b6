"""Function words that carry no topic, for the two languages that Parley is tuned for.

English: the list of the Snowball project (snowballstemmer.org/algorithms/english/stop.txt, BSD), contractions aside.
Chinese: pronouns, particles, question words and polite phrases, chosen for this project as jieba segments them.
"""

from __future__ import annotations

_ENGLISH = """
i me my myself we us our ours ourselves you your yours yourself yourselves he him his himself she her hers herself
it its itself they them their theirs themselves what which who whom this that these those am is are was were be been
being have has had having do does did doing will would shall should can could may might must ought a an the and but
if or because as until while of at by for with about against between into through during before after above below to
from up down in out on off over under again further then once here there when where why how all any both each few
more most other some such no nor not only own same so than too very just let s t d ll m re ve don isn aren wasn weren
hasn haven hadn doesn didn won wouldn shan shouldn cannot couldn mustn im ive please
"""

_CHINESE = """
的 地 得 了 着 过 吗 呢 吧 啊 呀 嘛 哦 么 嗯 呗 啦 我 你 您
他 她 它 我们 你们 您们 他们 她们 它们 咱们 自己 这 那 这个 那个 这些 那些 这里 那里 这样
那样 这种 那种 哪 哪个 哪些 哪里 哪儿 什么 怎么 怎样 怎么样 如何 为什么 为何 多少 几 谁 是 不是
是不是 有 没有 有没有 会 会不会 能 能不能 能否 可以 可不可以 可 要 要不要 想 应该 应 该 需要 和
与 及 以及 或 或者 还是 而 而且 但 但是 如果 因为 所以 虽然 在 于 从 到 对 对于
把 被 让 给 向 往 由 以 为 为了 关于 跟 同 也 都 就 还 又 再 才
只 很 太 非常 更 最 比较 已经 正在 不 没 别 上 下 里 中 内 外 前 后
时 时候 之 其 此 该 各 每 某 一 一个 一些 一下 一种 个 些 位 请 请问 麻烦
谢谢 你好 您好 呃 啥 咋 嘞
"""

ENGLISH = frozenset(_ENGLISH.split())
CHINESE = frozenset(_CHINESE.split())

_LISTS = {"en": ENGLISH, "zh": CHINESE}


def stop_words(language: str) -> frozenset[str]:
    """The stop words of a language (ISO 639-1), in the spelling of `tokenize.words`; empty where there is no list."""
    return _LISTS.get(language, frozenset())
