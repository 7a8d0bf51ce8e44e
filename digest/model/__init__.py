"""The nouns of the pipeline: frozen values, standard library only.

Times are aware datetimes in UTC, dates are local calendar days, texts are plain text (never HTML).
Plug-ins may import every name from here.
"""

from digest.model.deliveries import Answer, Delivery, DeliveryStatus, Outcome, Stage
from digest.model.issues import (
    Component,
    Evidence,
    FeedItem,
    Issue,
    IssueLine,
    Item,
    Match,
    Summary,
    Theme,
    Trend,
)
from digest.model.log import Batch, Cursor, Entry, RunRecord, Verdict
from digest.model.papers import DigestFile, Listing, Paper, PartialDate, Rejected
from digest.model.settings import (
    Bounces,
    Dkim,
    Home,
    ImapBox,
    Maildir,
    Room,
    Settings,
    Smtp,
    Source,
    Summarising,
    Upkeep,
)
from digest.model.subscriptions import Subscription, Weights

__all__ = [
    "Answer",
    "Batch",
    "Bounces",
    "Component",
    "Cursor",
    "Delivery",
    "DeliveryStatus",
    "DigestFile",
    "Dkim",
    "Entry",
    "Evidence",
    "FeedItem",
    "Home",
    "ImapBox",
    "Issue",
    "IssueLine",
    "Item",
    "Listing",
    "Maildir",
    "Match",
    "Outcome",
    "Paper",
    "PartialDate",
    "Rejected",
    "Room",
    "RunRecord",
    "Settings",
    "Smtp",
    "Source",
    "Stage",
    "Subscription",
    "Summarising",
    "Summary",
    "Theme",
    "Trend",
    "Upkeep",
    "Verdict",
    "Weights",
]
