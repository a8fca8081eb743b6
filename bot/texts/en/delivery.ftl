# Buttons under a reply
button-stop = ⏹ Stop
button-again = 🔄
button-good = 👍
button-bad = 👎

# What is shown for a moment when a button is pressed
notice-expired = This button has expired.
notice-not-yours = Only the person who asked can do that.
notice-stopped = Stopped.
notice-ended = The answer is already complete.
notice-busy = I am still writing this answer.
notice-thanks = Thank you!

# Stopping
stop-nothing = There is nothing to stop.

# Who may talk, and how often
access-not-listed = Sorry, I only answer people whom the operator has let in.
access-pairing = We have not met yet. Please give this code to an admin: { $code }
    They let you in with /pair { $code } or, on the server, with: parley access pair { $code }
access-per-minute = That was a lot at once: I answer at most { $limit } messages a minute. Please wait a moment.
access-per-day = That was your last message for now: I answer at most { $limit } messages within 24 hours. Please come back later.

# While one waits, and when it took too long
waiting-place = { $before ->
    [0] You are next; it takes about { $minutes } { $minutes ->
        [one] minute
       *[other] minutes
    } more.
    [one] One question is before yours; it takes about { $minutes } { $minutes ->
        [one] minute
       *[other] minutes
    }.
   *[other] { $before } questions are before yours; it takes about { $minutes } { $minutes ->
        [one] minute
       *[other] minutes
    }.
}
overloaded = I am being asked very much at the moment. Please ask again in a few minutes.
answered-late = Sorry for the late answer: I was away.
expired = I was away when you asked, and it is too late for an answer. Please ask again if you still wish.
gave-up = Sorry, I could not answer this, though I tried several times. Please put it another way.
