"""Markdown as a model may write it, for Hypothesis: blocks of every kind, broken markup, every sort of character."""

from hypothesis import strategies as st

CHARACTERS = [
    "a",
    "word",
    "list",
    "。",
    "！",
    "退货",
    "说明",
    "😀",
    "👩‍👩‍👧",
    "🇨🇳🇩🇪",
    "e\u0301",
    "👍🏽",
    "क्षि",
    "\u0600",
    ". ",
    " ",
    "  ",
]
MARKS = [
    "**",
    "*",
    "_",
    "~~",
    "`",
    "```",
    "~~~",
    "[",
    "](",
    ")",
    "||",
    "$",
    "\\",
    "<b>",
    "</b>",
    "<x>",
    ">",
    "#",
    "|",
    "\n",
    "\n\n",
]

noise = st.lists(st.sampled_from(CHARACTERS + MARKS) | st.text(max_size=4), max_size=40).map("".join)
words = st.lists(st.sampled_from(CHARACTERS), min_size=1, max_size=30).map(" ".join)
runs = st.tuples(st.sampled_from(CHARACTERS), st.integers(1, 150)).map(lambda one: one[0] * one[1])
inline = words | words.map("**{}**".format) | words.map("[{}](https://a.example/b)".format) | words.map("`{}`".format)
code_lines = st.lists(st.sampled_from(["x = 1", "    return '退货😀'", "", "\tpass  # 👩‍👩‍👧", "  "]), max_size=40).map(
    "\n".join
)
fences = st.tuples(st.sampled_from(["```", "~~~", "````"]), st.sampled_from(["", "py", "c++"]), code_lines).map(
    lambda one: f"{one[0]}{one[1]}\n{one[2]}\n{one[0]}"
)


def quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.split("\n"))


def listed(text: str) -> str:
    return "\n".join(f"{'- ' if not nth else '  '}{line}" for nth, line in enumerate(text.split("\n")))


tables = st.lists(words, min_size=1, max_size=5).map(
    lambda rows: "\n".join(["| a | 说明 |", "|---|--:|", *(f"| {row} | 1 |" for row in rows)])
)
blocks = inline | runs | fences | fences.map(quoted) | fences.map(listed) | tables | words.map("### {}".format) | noise
markdown = st.lists(blocks | blocks.map(listed) | blocks.map(quoted), max_size=8).map("\n\n".join)
