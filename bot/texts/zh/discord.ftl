# Discord：输入斜杠时列出的命令
discord-ask = 提问
discord-ask-about = 向知识库提问
discord-chat = 聊天
discord-chat-about = 自由聊天，不查知识库
discord-translate = 翻译
discord-translate-about = 翻译一段文字
discord-sentiment = 情感
discord-sentiment-about = 判断一段文字的情感：正面、中性还是负面
discord-classify = 分类
discord-classify-about = 判断哪个标签最适合这段文字
discord-write = 写作
discord-write-about = 根据要点起草邮件、报告或帖子
discord-summarise = 总结
discord-summarise-about = 提炼一段文字、最近的消息或本子区的要点
discord-language = 语言
discord-language-about = 选择我用哪种语言回答您
discord-persona = 角色
discord-persona-about = 选择我扮演哪个角色
discord-forget = 忘记
discord-forget-about = 删除您和我的对话
discord-export = 导出
discord-export-about = 把我保存的您的全部数据导出为文件
discord-privacy = 隐私
discord-privacy-about = 我保存什么，怎样删除
discord-settings = 设置
discord-settings-about = 查看您的设置；管理员可以决定我在本频道何时回答
discord-help = 帮助
discord-help-about = 我能做什么
discord-stop = 停止
discord-stop-about = 停止正在写的回答
discord-pair = 配对
discord-pair-about = 凭配对码允许一位用户使用（限管理员）
discord-learn = 学习
discord-learn-about = 把文件加入知识库（限管理员）

# Discord：命令的选项
discord-option-question = 问题
discord-option-question-about = 您想了解什么？
discord-option-text = 文字
discord-option-text-about = 要处理的文字
discord-option-language = 语言
discord-option-language-about = 语言名称或代码，例如 zh、en、de
discord-option-labels = 标签
discord-option-labels-about = 候选标签，用逗号分隔
discord-option-kind = 类型
discord-option-kind-about = 要写什么：邮件、报告、帖子
discord-option-notes = 要点
discord-option-notes-about = 要表达的内容
discord-option-messages = 条数
discord-option-messages-about = 最近多少条消息
discord-option-name = 名称
discord-option-name-about = 角色名称；不填则列出可选角色
discord-option-everywhere = 全部
discord-option-everywhere-about = 删除所有对话，而不只是这里的
discord-option-answer = 回答时机
discord-option-answer-about = 在本频道何时回答
discord-option-code = 配对码
discord-option-code-about = 对方的配对码
discord-option-file = 文件
discord-option-file-about = 要加入知识库的文件
discord-answer-mention = 被 @ 或被回复时
discord-answer-keyword = 出现关键词时也回答
discord-answer-always = 总是回答
discord-answer-default = 按运营方的设置

# Discord：消息的“应用”菜单
discord-menu-translate = 翻译
discord-menu-summarise = 总结
discord-menu-answer = 回答这条消息
discord-menu-learn = 加入知识库

# Discord：句子
discord-choose = 请选择……
discord-not-here = 我在这里不回答问题。
discord-cannot-read = 我读不到这里的消息。您和我都需要“查看频道”和“阅读消息历史记录”权限。
discord-nothing-said = 没有可以处理的文字。
discord-file-too-big = 文件太大了，我最多接受 { $most } MB 的文件。
