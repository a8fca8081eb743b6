# 各项技能的说明
help-intro = 关于这个知识库的问题都可以问我。我还认识下面这些命令：
help-answer = /ask 问题 — 根据知识库回答
help-chat = /chat 内容 — 自由聊天，不查知识库
help-translate = /translate 语言 内容 — 翻译，例如 /translate en 早上好
help-sentiment = /sentiment 内容 — 判断情感是正面、中性还是负面
help-classify = /classify 标签, 标签: 内容 — 哪个标签最合适
help-summarise = /summarise 内容 — 总结要点
help-write = /write 类型 语气: 要点 — 根据要点起草邮件、报告或帖子，语气可省略
help-help = /help — 显示这份说明
help-new = /new — 开始新的对话
help-quit = /quit — 退出（Ctrl-D 也可以）；Ctrl-C 停止当前回答

# 回答
unknown = 这个我不知道：知识库里没有足够接近的内容。
unknown-noted = 我已经记下这个问题，供维护人员查看。
unknown-suggestions = 您想问的是不是：
quoted-lead = “{ $title }”里是这样写的：
maybe-lead = 我知道的最接近的是“{ $title }”：
only-language = 这条回答目前只有{ $name }版本。
empty-knowledge = 知识库还是空的。请用 parley kb add 文件 添加文档。
sources = 来源

# 寒暄
greeting = 您好！想了解些什么？
thanks = 不客气。
goodbye = 再见！
who-are-you = 我是 Parley，根据这个知识库回答问题的助手。

# 翻译
translate-no-model = 当前配置“{ $profile }”里没有能把{ $source }译成{ $target }的模型。请换用支持翻译的配置（models.profile = "standard"），再运行 parley models fetch 获取模型。
translate-not-here = 我没有能把{ $source }译成{ $target }的模型。
translate-gloss = 逐词对照（仅供参考，不是译文）：
translate-same = 这段文字本来就是{ $name }。
translate-which = 译成哪种语言？例如：/translate en 早上好
translate-unknown-language = 我不认识语言“{ $name }”。请写语言名称或代码，例如 zh、en、de。

# 情感与分类
sentiment-result = { $label }（{ $percent }%）
sentiment-talk-same = 您最近的{ $count }条消息：{ $label }。
sentiment-talk-better = 您最近的{ $count }条消息：{ $label }，正在好转。
sentiment-talk-worse = 您最近的{ $count }条消息：{ $label }，正在变差。
label-positive = 正面
label-neutral = 中性
label-negative = 负面
classify-result = { $label }（{ $percent }%）
classify-how = 请写出标签、冒号和内容，例如：/classify 账单, 物流: 我的包裹到哪里了？

# 摘要、写作与聊天
nothing-to-work-on = 没有可以处理的内容。请把内容写在命令后面。
write-how = 请写出类型、冒号和要点，例如：/write 邮件: 会议改到周五十点，表示歉意
language-not-written = 模型 { $model } 不会写{ $name }。可以换用 models.profile = "standard"，再运行 parley models fetch 获取模型。
written-small = 模型 { $model } 非常小，可能编造、改动或遗漏了内容，请逐一核对。可以换用更大的模型：models.profile = "standard"，再运行 parley models fetch 获取模型。
written-small-here = 我的语言模型非常小，可能编造、改动或遗漏了内容，请逐一核对。
language-not-written-here = 我的{ $name }写作能力还不够，没法自由聊这个。关于知识库的问题仍然可以问我。
summary-partial = 模型没有把这段文字压缩到足够短，部分内容未包含在内。
summary-extract = 以上是原文中的句子。
summary-checked = 有 { $count } 句没有原文依据，已经略去。

# 出错时
empty-message = 消息是空的。请输入问题，或输入 /help。
message-too-long = 消息太长：共 { $length } 个字符，最多 { $limit } 个。请缩短，或改用文件发送。
unknown-command = 我不认识命令 /{ $name }。输入 /help 可以看到所有命令。
failed = 我这边出了点问题，已经记录下来。请再试一次。
model-unavailable = 语言模型还没有准备好。维护人员可以运行 parley doctor 查看原因。
model-stopped = 语言模型写到一半中断了。请再问一次。
knowledge-unavailable = 知识库暂时无法检索。维护人员可以运行 parley doctor 查看原因。
interrupted = （已停止）
new-conversation = 开始新的对话。

# 终端
console-title = Parley · { $count } 篇文档 · /help 帮助 · Ctrl-D 退出
step-searching = 正在查找
step-writing = 正在撰写
step-judging = 正在判断
step-summarising = 正在总结
step-waiting = 正在等候语言模型
console-begin = 直接提问，或输入数字选择：
console-going-on = 接着上次的对话（{ $conversation }）；/new 开始新的对话。
