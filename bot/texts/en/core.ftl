# Names of skills, for help
help-intro = Ask me anything about this knowledge base. I also know these commands:
help-answer = /ask QUESTION — answer from the knowledge base
help-chat = /chat TEXT — talk freely, without the knowledge base
help-translate = /translate LANGUAGE TEXT — translate, for example /translate zh Good morning
help-sentiment = /sentiment TEXT — is it positive, neutral or negative?
help-classify = /classify LABEL, LABEL: TEXT — which label fits best?
help-summarise = /summarise TEXT — the main points
help-write = /write KIND TONE: NOTES — draft a mail, a report or a post from notes, in a tone if you name one
help-help = /help — this list
help-new = /new — start a new conversation
help-quit = /quit — leave (so does Ctrl-D); Ctrl-C stops an answer

# Answers
unknown = I don't know: the knowledge base has nothing close enough to your question.
unknown-noted = I have noted it for the people who look after me.
unknown-suggestions = Perhaps you mean:
quoted-lead = This is what “{ $title }” says:
maybe-lead = The closest that I know is “{ $title }”:
only-language = This answer exists in { $name } only.
empty-knowledge = The knowledge base is empty. Add documents with: parley kb add FILE
sources = Sources

# Small talk
greeting = Hello! What would you like to know?
thanks = You're welcome.
goodbye = Goodbye!
who-are-you = I am Parley, an assistant that answers from this knowledge base.

# Translation
translate-no-model = No model of the profile “{ $profile }” translates from { $source } to { $target }. Choose a profile that does (models.profile = "standard") and fetch it with: parley models fetch
translate-not-here = I have no model that translates from { $source } to { $target }.
translate-gloss = Word by word (a gloss, not a translation):
translate-same = The text is already in { $name }.
translate-which = Which language? Write, for example: /translate zh Good morning
translate-unknown-language = I don't know the language “{ $name }”. Write its name or its code, for example zh, en, de.

# Sentiment and classification
sentiment-result = { $label } ({ $percent } %)
sentiment-talk-same = Your last { $count } messages: { $label }.
sentiment-talk-better = Your last { $count } messages: { $label }, and getting better.
sentiment-talk-worse = Your last { $count } messages: { $label }, and getting worse.
label-positive = positive
label-neutral = neutral
label-negative = negative
classify-result = { $label } ({ $percent } %)
classify-how = Write the labels, a colon and the text: /classify billing, delivery: Where is my parcel?

# Summaries, writing and chat
nothing-to-work-on = There is no text to work on. Write it after the command.
write-how = Write the kind, a colon and your notes: /write mail: meeting moved to Friday 10:00, apologise
language-not-written = The model { $model } does not write { $name }. A profile that does: models.profile = "standard"; fetch it with: parley models fetch
written-small = The model { $model } is very small: it may have invented, changed or left out facts, so check each of them. A larger one: models.profile = "standard"; fetch it with: parley models fetch
written-small-here = My language model is very small: it may have invented, changed or left out facts, so check each of them.
language-not-written-here = I do not write { $name } well enough to answer this freely. Questions about the knowledge base I answer in any case.
summary-partial = The model did not shorten this text enough: some of it is left out.
summary-extract = These are the text's own sentences.
summary-checked = { $count ->
    [one] One sentence that the text does not support was left out.
   *[other] { $count } sentences that the text does not support were left out.
}

# What goes wrong
empty-message = Your message is empty. Write a question, or /help.
message-too-long = Your message is too long: { $length } characters, and at most { $limit } fit. Please shorten it, or send it as a file.
unknown-command = I don't know the command /{ $name }. /help lists those that I know.
failed = Something went wrong on my side, and I have noted it. Please try again.
model-unavailable = The language model is not ready. The operator can see why with: parley doctor
model-stopped = The language model stopped in the middle of its text. Please ask again.
knowledge-unavailable = The knowledge base cannot be searched right now. The operator can see why with: parley doctor
interrupted = (stopped)
new-conversation = A new conversation begins.

# The terminal
console-title = Parley · { $count ->
        [one] one document
       *[other] { $count } documents
    } · /help · Ctrl-D ends
step-searching = searching
step-writing = writing
step-judging = judging
step-summarising = summarising
step-waiting = waiting for the language model
console-begin = Ask anything about them, or choose by number:
console-going-on = Going on with the conversation { $conversation }; /new begins another.
