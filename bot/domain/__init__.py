"""The words of Parley as values: turns, replies, conversations, people, and the events of answering."""

from bot.domain.access import Access, AccessState
from bot.domain.conversation import Conversation, Message, Preferences, Role, UnansweredQuestion, User
from bot.domain.delivery import Doubt, Feedback, Opinion, PartState, SentPart
from bot.domain.events import Completed, Event, Failed, TextDelta, Working
from bot.domain.incoming import Incoming
from bot.domain.origin import File, Origin
from bot.domain.persona import Persona
from bot.domain.reply import Attachment, Choice, Citation, Outcome, Reply
from bot.domain.turn import TO_DO, Channel, Delivery, Turn, TurnState

__all__ = [
    "TO_DO",
    "Access",
    "AccessState",
    "Attachment",
    "Channel",
    "Choice",
    "Citation",
    "Completed",
    "Conversation",
    "Delivery",
    "Doubt",
    "Event",
    "Failed",
    "Feedback",
    "File",
    "Incoming",
    "Message",
    "Opinion",
    "Origin",
    "Outcome",
    "PartState",
    "Persona",
    "Preferences",
    "Reply",
    "Role",
    "SentPart",
    "TextDelta",
    "Turn",
    "TurnState",
    "UnansweredQuestion",
    "User",
    "Working",
]
