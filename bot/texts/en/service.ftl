# Help
help-start = /start — what I can do, and questions to begin with
help-language = /language zh | en | auto — the language that I answer in
help-persona = /persona NAME — who I am when I write
help-forget = /forget — delete what you and I said
help-export = /export — all that I keep about you, as a file
help-privacy = /privacy — what I keep, and how to delete it
help-settings = /settings — what holds for you here
help-learn = /learn — add the file that you attach or reply to, to the knowledge base
help-pair = /pair CODE — let a person in
help-group-mention = In this group, mention me, reply to one of my messages, or begin with a command.
help-group-keyword = In this group, mention me, use one of my keywords, reply to one of my messages, or begin with a command.
help-group-always = In this group I read every message, so just ask.
help-group-translate = In this group I translate every message. Commands work as everywhere.

# Start
start-greeting = Hello! I am Parley. Ask me anything about this knowledge base. I also translate, summarise, judge sentiment and draft texts.
start-help = /help lists all that I can do.
start-examples = For example, ask:

# Language
language-automatic = I answer in the language that you write in.
language-automatic-now = Language: automatic. I answer in the language that you write in.
language-automatic-label = Automatic
language-set = From now on I answer in { $name }.
language-now = Language: { $name }.

# Persona
persona-none = There is only one persona here.
persona-choose = Who shall I be?
persona-default-label = Default
persona-default-set = I am the default persona again.
persona-set = From now on I am { $name }.
persona-unknown = There is no persona “{ $name }”. /persona shows those that there are.

# Forget
forget-ask = Shall I delete what you and I said in this conversation? It cannot be undone.
forget-ask-group = Shall I delete what you said in this group, and my replies to you? What others said stays. It cannot be undone.
forget-ask-everything = Shall I delete what you and I said in all conversations? It cannot be undone.
forget-here-label = Yes, delete it here
forget-everything-label = Delete it everywhere
forget-how = Write /forget for this conversation, or /forget everything for all of them.
forget-done = { $count ->
    [0] There was nothing to delete in this conversation.
    [one] I have deleted one message of this conversation.
   *[other] I have deleted { $count } messages of this conversation.
}
forget-done-everywhere = { $count ->
    [0] There was nothing to delete.
    [one] I have deleted one message, the only one that I had.
   *[other] I have deleted { $count } messages, from all conversations.
}
forget-platform = What you see in this app is the app's own copy; delete it there.

# Export
export-done = This file holds all that I keep about you on this channel: what you said, my replies and your settings.
export-in-group = Everybody here would see your data. Write /export to me in a private chat.

# Privacy
privacy-what = What I keep: your name and id on this channel, what you write to me, my replies, and your settings. I use it to answer you and to keep the thread of our conversation. A question that I could not answer is also noted without your name, so that the knowledge base can be improved.
privacy-where = Where: in the database of the people who operate me. Files that you send are deleted after a day, unless an admin adds them to the knowledge base.
privacy-delete = Your rights: /export gives you all that I keep about you. /forget deletes this conversation, and /forget everything deletes all of them.
privacy-operator = Who operates me: ask the person who invited you here.

# Settings
settings-language-label = Language
settings-persona-label = Persona
settings-persona = Persona: { $name }.
settings-persona-default = Persona: the default one.
settings-answer-mention = In this group I answer when I am mentioned, replied to, or given a command.
settings-answer-keyword = In this group I also answer messages that hold one of my keywords.
settings-answer-always = In this group I answer every message.
settings-answer-default = In this group I answer as my operator has set it.
settings-mention-label = When mentioned
settings-keyword-label = On keywords
settings-always-label = Always
settings-default-label = As the operator set it
settings-admins = Only admins may change when I answer in this group.
settings-group-only = When to answer can be set in a group only. Write the command there.
settings-how = Write /settings answer mention, /settings answer keyword, /settings answer always or /settings translate en, zh.
settings-translate-on = Here I translate every message between { $languages }. /settings translate off ends it.
settings-translate-off = I no longer translate every message here.
settings-translate-how = Name two to { $most } languages, for example /settings translate en, zh. /settings translate off ends it.

# What only admins may do
admins-only = Only admins may use /{ $command }.
learn-how = Send me a file together with /learn, or reply /learn to a message that has one.
learn-added = “{ $name }” is in the knowledge base now.
learn-replaced = “{ $name }” has replaced its earlier version in the knowledge base.
learn-unchanged = “{ $name }” brings nothing new: the knowledge base has it already.
learn-refused = “{ $name }” was not added: { $reason }
learn-read = I read “{ $title }” ({ $language }): { $documents ->
    [one] one document
   *[other] { $documents } documents
}, { $passages ->
    [one] one passage
   *[other] { $passages } passages
}. It begins:
learn-read-again = I read “{ $title }” ({ $language }). It begins:
learn-left-out = Left out: { $reason }
learn-undo-label = Undo
learn-undone = Undone: the knowledge base is as it was before that file.
learn-undo-gone = That cannot be undone any more: it was undone already, is more than 7 days old, or the documents have changed since.
pair-how = Write the code that the person was given: /pair CODE
pair-done = { $name } may talk to me now.
pair-unknown = Nobody waits with that code. Ask the person for the code that I gave them.

# Files
saved-to = Saved to { $path }
file-not-here = Files cannot be read here.
file-too-large = The file is { NUMBER($size, maximumFractionDigits: 1) } MB large, and I read up to { NUMBER($limit, maximumFractionDigits: 1) } MB. Split it into smaller files.
file-kind = I cannot read this kind of file. I read: { $known }.
file-empty = The file is empty.
file-gone = The file is no longer there. Send it again.
file-not-text = The file holds no text that I can read. Save it as UTF-8 text.
text-too-long = The text is too long for my language model. Send a shorter piece of it.
text-beyond = The text has { $length } characters, and I take up to { $limit } for this. /summarise takes longer ones.
summary-part = The text is long: this is about its first { $percent } %.
