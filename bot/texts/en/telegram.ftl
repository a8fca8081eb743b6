# The command menu: at most 256 characters each, without the command's word
telegram-menu-ask = Ask the knowledge base a question
telegram-menu-translate = Translate: /translate zh Good morning
telegram-menu-sentiment = Is a text positive, neutral or negative?
telegram-menu-summarise = Sum up a text, a message or a document
telegram-menu-language = Choose the language of my answers
telegram-menu-persona = Choose who I am when I write
telegram-menu-forget = Delete what you said here
telegram-menu-export = Get all that is kept of you, as a file
telegram-menu-privacy = What is kept, where, and for how long
telegram-menu-settings = Show and change the settings
telegram-menu-stop = Stop the answer that is being written
telegram-menu-help = What I can do

# Messages that cannot be worked on
telegram-only-text = I read text and documents; pictures, voice messages and stickers I cannot read yet. Please write your question.
telegram-file-without-words = What shall I do with this file? Reply to it with /summarise, or /translate and a language. Admins add it to the knowledge base with /learn.
telegram-file-too-large = “{ $name }” is too large: at most { $limit } MB fit. Please send a smaller file, or split it.
telegram-file-not-fetched = Telegram did not give me the file. Please send it again.

# Inline mode
telegram-inline-ask = Ask me in a private chat
