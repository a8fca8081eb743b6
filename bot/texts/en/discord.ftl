# Discord: commands, as they are listed when a person types a slash
discord-ask = ask
discord-ask-about = Ask the knowledge base
discord-chat = chat
discord-chat-about = Talk freely, without the knowledge base
discord-translate = translate
discord-translate-about = Translate a text
discord-sentiment = sentiment
discord-sentiment-about = Is a text positive, neutral or negative?
discord-classify = classify
discord-classify-about = Which label fits a text best?
discord-write = write
discord-write-about = Draft a mail, a report or a post from notes
discord-summarise = summarise
discord-summarise-about = The main points of a text, of the last messages, or of this thread
discord-language = language
discord-language-about = Choose the language that I answer you in
discord-persona = persona
discord-persona-about = Choose who I am when I write to you
discord-forget = forget
discord-forget-about = Delete what you and I said
discord-export = export
discord-export-about = All that I keep about you, as a file
discord-privacy = privacy
discord-privacy-about = What I keep, and how to delete it
discord-settings = settings
discord-settings-about = What holds for you here; managers choose when I answer in this channel
discord-help = help
discord-help-about = What I can do
discord-stop = stop
discord-stop-about = Stop the answer that is being written
discord-pair = pair
discord-pair-about = Let a person in who has a code (managers)
discord-learn = learn
discord-learn-about = Add a file to the knowledge base (managers)

# Discord: options of commands
discord-option-question = question
discord-option-question-about = What would you like to know?
discord-option-text = text
discord-option-text-about = The text
discord-option-language = language
discord-option-language-about = A language by its name or code, for example zh, en, de
discord-option-labels = labels
discord-option-labels-about = The labels to choose from, separated by commas
discord-option-kind = kind
discord-option-kind-about = What it is to be: mail, report, post
discord-option-notes = notes
discord-option-notes-about = What it is to say
discord-option-messages = messages
discord-option-messages-about = How many of the last messages
discord-option-name = name
discord-option-name-about = The persona's name; without it, the choices
discord-option-everywhere = everywhere
discord-option-everywhere-about = In all conversations, not only here
discord-option-answer = answer
discord-option-answer-about = When to answer in this channel
discord-option-code = code
discord-option-code-about = The person's pairing code
discord-option-file = file
discord-option-file-about = The file to learn from
discord-answer-mention = When mentioned or replied to
discord-answer-keyword = Also on a keyword
discord-answer-always = Always
discord-answer-default = As the operator set it

# Discord: the Apps menu on a message
discord-menu-translate = Translate
discord-menu-summarise = Summarise
discord-menu-answer = Answer this
discord-menu-learn = Add to knowledge base

# Discord: sentences
discord-choose = Choose …
discord-not-here = I do not answer here.
discord-cannot-read = I cannot read the messages here. I need the permissions View Channel and Read Message History, and so do you.
discord-nothing-said = There is no text that I could work on.
discord-file-too-big = This file is too big. I take files of up to { $most } MB.
