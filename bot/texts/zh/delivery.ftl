# 回复下面的按钮
button-stop = ⏹ 停止
button-again = 🔄
button-good = 👍
button-bad = 👎

# 按下按钮后短暂显示的提示
notice-expired = 这个按钮已经失效。
notice-not-yours = 只有提问的人可以这样做。
notice-stopped = 已停止。
notice-ended = 回答已经写完了。
notice-busy = 这条回答还在写。
notice-thanks = 谢谢！

# 停止
stop-nothing = 现在没有正在写的回答。

# 谁可以使用，以及多频繁
access-not-listed = 抱歉，我只回答运营方允许的用户。
access-pairing = 我们还不认识。请把这个配对码交给管理员：{ $code }
    管理员发送 /pair { $code }，或在服务器上运行 parley access pair { $code }，您就可以使用了。
access-per-minute = 消息有点多：我每分钟最多回答 { $limit } 条。请稍等一会儿。
access-per-day = 您的消息暂时到上限了：24 小时内我最多回答 { $limit } 条。请过些时候再来。

# 等待，以及来得太晚
waiting-place = { $before ->
    [0] 下一个就是您，大约还要 { $minutes } 分钟。
   *[other] 您前面还有 { $before } 个问题，大约要 { $minutes } 分钟。
}
overloaded = 现在提问的人太多了，请过几分钟再问。
answered-late = 抱歉，刚才不在，现在才回复您。
expired = 您提问时我不在，现在回答已经太晚了。如果还需要，请再问一次。
gave-up = 抱歉，我试了几次都没能回答。请换个说法再问。
