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
