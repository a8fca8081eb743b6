# 命令菜单：每条不超过256个字符，不含命令本身
telegram-menu-ask = 向知识库提问
telegram-menu-translate = 翻译：/translate en 早上好
telegram-menu-sentiment = 判断一段文字的情感：正面、中性还是负面
telegram-menu-summarise = 总结文字、消息或文档
telegram-menu-language = 选择回答所用的语言
telegram-menu-persona = 选择我的角色
telegram-menu-forget = 删除您在这里说过的话
telegram-menu-export = 导出我保存的您的全部数据
telegram-menu-privacy = 保存了什么、存在哪里、保存多久
telegram-menu-settings = 查看和修改设置
telegram-menu-stop = 停止正在写的回答
telegram-menu-help = 我能做什么

# 无法处理的消息
telegram-only-text = 我能读文字和文档，暂时还看不懂图片、语音和贴纸。请用文字提问。
telegram-file-without-words = 要我怎么处理这个文件？请回复它并发送 /summarise，或发送 /translate 加上语言。管理员可用 /learn 把它加入知识库。
telegram-file-too-large = “{ $name }”太大了：最多 { $limit } MB。请发送小一些的文件，或把它拆开再发。
telegram-file-not-fetched = Telegram 没有把文件给我。请再发一次。

# 内联模式
telegram-inline-ask = 到私聊里问我
