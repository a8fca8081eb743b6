# 帮助
help-start = /start — 我能做什么，以及可以先问的问题
help-language = /language zh | en | auto — 我用哪种语言回答
help-persona = /persona 名称 — 我扮演哪个角色
help-forget = /forget — 删除您和我的对话
help-export = /export — 把我保存的您的数据导出为文件
help-privacy = /privacy — 我保存什么，怎样删除
help-settings = /settings — 您在这里的设置
help-learn = /learn — 把随附的或所回复的文件加入知识库
help-pair = /pair 配对码 — 凭配对码允许一位用户使用
help-group-mention = 在这个群里，请 @ 我、回复我的消息，或以命令开头。
help-group-keyword = 在这个群里，请 @ 我、使用我的关键词、回复我的消息，或以命令开头。
help-group-always = 这个群里的每条消息我都会看，直接提问就行。
help-group-translate = 在这个群里，我翻译每一条消息。命令照常使用。

# 开始
start-greeting = 您好！我是 Parley。关于这个知识库的问题都可以问我，我还能翻译、总结、判断情感、起草文稿。
start-help = 输入 /help 可以看到我会做的所有事情。
start-examples = 比如可以问：

# 语言
language-automatic = 您用哪种语言提问，我就用哪种语言回答。
language-automatic-now = 语言：自动。您用哪种语言提问，我就用哪种语言回答。
language-automatic-label = 自动
language-set = 从现在起我用{ $name }回答。
language-now = 语言：{ $name }。

# 角色
persona-none = 这里只有一个角色。
persona-choose = 要我扮演哪个角色？
persona-default-label = 默认
persona-default-set = 我已恢复默认角色。
persona-set = 从现在起我是“{ $name }”。
persona-unknown = 没有名为“{ $name }”的角色。输入 /persona 可以查看有哪些。

# 遗忘
forget-ask = 要删除您和我在这个对话里说过的话吗？删除后无法恢复。
forget-ask-group = 要删除您在这个群里对我说过的话，以及我给您的回复吗？其他人的内容会保留。删除后无法恢复。
forget-ask-everything = 要删除您和我在所有对话里说过的话吗？删除后无法恢复。
forget-here-label = 是，删除这里的
forget-everything-label = 全部删除
forget-how = 输入 /forget 删除这个对话，输入 /forget everything 删除所有对话。
forget-done = { $count ->
    [0] 这个对话里没有需要删除的内容。
   *[other] 已删除这个对话里的 { $count } 条消息。
}
forget-done-everywhere = { $count ->
    [0] 没有需要删除的内容。
   *[other] 已从所有对话中删除 { $count } 条消息。
}
forget-platform = 应用里显示的消息由应用自己保存，请在应用里删除。

# 导出
export-done = 这个文件包含我在这个渠道上保存的您的全部数据：您说过的话、我的回复和您的设置。
export-in-group = 在这里发送的话，大家都会看到您的数据。请私聊我并输入 /export。

# 隐私
privacy-what = 我保存的内容：您在这个渠道上的名字和编号、您发给我的消息、我的回复，以及您的设置。这些用来回答您，并让对话前后连贯。我答不上来的问题会另外记录下来（不带您的名字），用于完善知识库。
privacy-where = 保存的地方：运营方自己的数据库。您发来的文件会在一天后删除，除非管理员把它加入知识库。
privacy-delete = 您的权利：输入 /export 可以拿到我保存的您的全部数据；输入 /forget 删除这个对话，输入 /forget everything 删除所有对话。
privacy-operator = 运营方：请询问邀请您来这里的人。

# 设置
settings-language-label = 语言
settings-persona-label = 角色
settings-persona = 角色：{ $name }。
settings-persona-default = 角色：默认。
settings-answer-mention = 在这个群里，有人 @ 我、回复我或使用命令时，我才回答。
settings-answer-keyword = 在这个群里，消息中出现我的关键词时，我也会回答。
settings-answer-always = 在这个群里，我回答每一条消息。
settings-answer-default = 在这个群里，我按运营方的设置回答。
settings-mention-label = 提到我时
settings-keyword-label = 出现关键词时
settings-always-label = 每条都回答
settings-default-label = 按运营方的设置
settings-admins = 只有管理员可以更改我在这个群里何时回答。
settings-group-only = 何时回答只能在群里设置，请到群里输入这条命令。
settings-how = 请输入 /settings answer mention（提到我时）、/settings answer keyword（出现关键词时）、/settings answer always（每条都回答）或 /settings translate en, zh（互译每条消息）。
settings-translate-on = 在这里，我把每一条消息在{ $languages }之间互译。/settings translate off 可停止。
settings-translate-off = 我不再翻译这里的每一条消息。
settings-translate-how = 请写出两到{ $most }种语言，例如 /settings translate en, zh。/settings translate off 可停止。

# 只有管理员能做的事
admins-only = 只有管理员可以使用 /{ $command }。
learn-how = 请把文件和 /learn 一起发给我，或者用 /learn 回复带有文件的消息。
learn-added = “{ $name }”已加入知识库。
learn-replaced = “{ $name }”已替换知识库里原来的版本。
learn-unchanged = “{ $name }”没有新内容，知识库里已经有了。
learn-refused = “{ $name }”没有加入知识库：{ $reason }
learn-read = 我读到的是“{ $title }”（{ $language }），共 { $documents } 篇文档、{ $passages } 个段落，开头是：
learn-read-again = 我读到的是“{ $title }”（{ $language }），开头是：
learn-left-out = 略去的部分：{ $reason }
learn-undo-label = 撤销
learn-undone = 已撤销：知识库恢复到加入该文件之前的样子。
learn-undo-gone = 已经无法撤销：可能已撤销过、已超过 7 天，或者这些文档后来又有改动。
pair-how = 请写上对方拿到的配对码：/pair 配对码
pair-done = 现在 { $name } 可以和我对话了。
pair-unknown = 没有人在等待这个配对码。请向对方核对我给出的配对码。

# 文件
saved-to = 已保存到 { $path }
file-not-here = 这里无法读取文件。
file-too-large = 文件大小为 { NUMBER($size, maximumFractionDigits: 1) } MB，而我最多读取 { NUMBER($limit, maximumFractionDigits: 1) } MB。请拆成较小的文件。
file-kind = 我读不了这种文件。我能读的有：{ $known }。
file-empty = 文件是空的。
file-gone = 文件已经不在了，请重新发送。
file-not-text = 文件里没有我能读取的文字，请保存为 UTF-8 文本。
text-too-long = 这段文字对我的语言模型来说太长了，请发送短一些的片段。
text-beyond = 这段文字有 { $length } 个字符，这项功能最多处理 { $limit } 个。更长的内容可以用 /summarise 总结。
summary-part = 原文较长，以上内容只涉及开头的 { $percent }%。
