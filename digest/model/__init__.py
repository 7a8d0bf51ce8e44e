"""The nouns of the pipeline: frozen values that need the standard library only.

Times are aware datetimes in UTC, dates are local calendar days, texts are plain text (never HTML).
Plug-ins may import all names from here.
"""

from digest.model.deliveries import Delivery, DeliveryStatus, Outcome, Reply, Stage
from digest.model.issues import (
    FORMS,
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
from digest.model.letters import Letter, LetterKind, Wish
from digest.model.log import Cursor, Entry, RunRecord, SetAside, SourceBatch, Verdict
from digest.model.papers import (
    SAMPLE,
    SAMPLE_LINE,
    DigestFile,
    Listing,
    Paper,
    PartialDate,
    Rejected,
    status_of,
)
from digest.model.settings import (
    Bounces,
    Dkim,
    Home,
    ImapBox,
    Maildir,
    Room,
    ScheduleSettings,
    Settings,
    Smtp,
    Source,
    SummarySettings,
)
from digest.model.subscriptions import (
    FileStamp,
    InvalidSubscription,
    RankingWeights,
    Subscription,
    SubscriptionRow,
)

__all__ = [
    "FORMS",
    "SAMPLE",
    "SAMPLE_LINE",
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
    "FileStamp",
    "Home",
    "ImapBox",
    "InvalidSubscription",
    "Issue",
    "IssueLine",
    "Item",
    "Letter",
    "LetterKind",
    "Listing",
    "Maildir",
    "Match",
    "Outcome",
    "Paper",
    "PartialDate",
    "RankingWeights",
    "Rejected",
    "Reply",
    "Room",
    "RunRecord",
    "ScheduleSettings",
    "SetAside",
    "Settings",
    "Smtp",
    "Source",
    "SourceBatch",
    "Stage",
    "Subscription",
    "SubscriptionRow",
    "Summary",
    "SummarySettings",
    "Theme",
    "Trend",
    "Verdict",
    "Wish",
    "status_of",
]
