"""What the words and codes of a mail server say about an address: it is dead, or the failure may pass. Pure.

Codes are enhanced status codes (RFC 3463, and IANA's registry). The words come from the replies that widely
used servers give; where words and a general code disagree, the words decide.
"""

import re
from collections.abc import Iterable
from typing import Literal

Verdict = Literal["hard", "soft"]

# The mailbox or the domain does not exist, or accepts no mail at all.
NO_SUCH_ADDRESS = frozenset({"1.1", "1.2", "1.3", "1.6", "1.10", "2.1"})
MAILBOX_FULL = frozenset({"2.2"})
# Codes that a server or a gateway gives for any failure: others beside them say more.
_GENERAL = frozenset({"0.0", "1.0", "1.351", "2.0", "3.0", "4.0", "5.0", "5.4", "4.7", "4.4", "4.1"})
# Not a part of an IP address or a version.
_CODE = re.compile(r"(?<![\d.])([45])\.(\d{1,3}\.\d{1,3})(?!\.?\d)")
_REPLY_CODE = re.compile(r"(?<![\d.\-])([45])\d\d(?=[ \-]|$)")
# In a text for people, only a code that follows a reply code or a sign is one.
_MARKED_CODE = re.compile(
    r"(?:\b[45]\d\d[ \-:,'\"`]+|[#(\[<]|smtp;? ?)([45])\.(\d{1,3}\.\d{1,3})(?!\.?\d)", re.IGNORECASE
)
_PERMANENT_REPLY = re.compile(r"(?:^|<<< |: )5\d\d[ \-]")
# As Postfix and sendmail begin a reply: `550 5.1.1 <ada@example.org>: …`.
_SUBJECT = re.compile(
    r"(?:[\w-]{1,20}; ?)?(?:[45]\d\d[ -])?(?:[45]\.\d{1,3}\.\d{1,3} )?<([^<>\s@]{1,64}@[^<>\s]{1,253})>",
    re.ASCII,
)
_LONGEST = 20_000  # characters that are looked at
# The words and dots of an address, and those of the name of a server, say nothing.
_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:@]{1,64}@(?:[\w-]{1,63}\.){1,10}[\w-]{1,63}")
_SERVER = re.compile(r"(?<![\w.-])(?:[\w-]{1,63}\.){1,10}[\w-]{1,63}(?= ?\[[\da-f.:]{3,45}\])", re.IGNORECASE)
# Failures whose code is temporary although the domain does not exist (Gmail: 4.0.0 with NXDOMAIN).
_NO_DOMAIN = re.compile(r"\bNXDOMAIN\b.{0,40}domain name not found", re.IGNORECASE)
# The standards' own words for 550 (RFC 5321, 4.2.3) and X.1.1 (RFC 3463), which servers send with any reason.
_OF_ANY_REASON = re.compile(
    r"(?:requested (?:mail )?action (?:not taken|aborted)[:,;]? )?mailbox (?:unavailable|(?:is )?not available)|\(bad destination mailbox address\)",
    re.IGNORECASE,
)
# Replies to a wrong order of commands follow the refusal that matters (RFC 5321, 4.2.2).
_WRONG_ORDER = re.compile(r"(?:^|<<< |: )503[ \-]")


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


# The server refuses the sender of the message.
_SENDER = _any_of(
    r"sender (?:address |domain |e-?mail )?(?:\S+ )?(?:rejected|verif|is (?:not|unknown|invalid)|unknown|invalid|not |denied|refused|unlisted|blocked)",
    r"(?:invalid|unknown|unverified|bad|unauthori[sz]ed|illegal|rejected|forged|your) (?:envelope )?sender|(?:sender|your) account",
    r"(?:domain|address) of (?:the )?sender|sender(?:'s)? (?:address|domain|mailbox|email)",
    r"(?<!recipient )(?:callout|call-?back|verification)(?: failed| verif)|verify(?:ing)? (?:the )?sender",
    r"(?:in reply to|response to|after|for) (?:the )?MAIL(?: FROM)?\b|>>> MAIL FROM",
    r"return[- ]path|(?:from|reply-to) (?:address|header|domain)|in (?:the )?from\b|mail from (?:domain|address|must)",
    r"backscatter|\bBATV\b|absender\S* (?:abgelehnt|unbekannt|existiert|ungültig)",
)
# The server takes no more mail of this account, or none with this From, whoever the recipient is.
_ACCOUNT = _any_of(
    r"(?:daily|hourly)?\s*(?:user )?sending (?:limit|quota)|daily (?:user )?(?:sending |message )?(?:limit|quota)|message sending (?:limit|quota)|submission ?quota|quota ?exceeded ?exception.{0,40}submission",
    r"(?:domain|account|user|you|sender)\b.{0,80}(?:has|have) exceeded (?:the |its |your |their )?(?:max|daily|hourly|sending|message|outgoing|limit)(?!.{0,60}(?:receive|can receive))",
    r"max (?:e-?mails|defers|messages) (?:and failures )?per (?:hour|day)|emails per hour|unusual sending activity|outgoing (?:mail|e-?mail)s? .{0,30}(?:blocked|suspended|disabled|limit)",
    r"e-?mail address is not verified|identit(?:y|ies) (?:failed|not verified)|verified sender identity|not a sender signature|out of credits|account is pending approval|from address does not match|sendas ?denied|not allowed to send as|account .{0,30}(?:suspended|disabled) (?:for|from) sending|maximum (?:credits|sending)",
)
_RECIPIENT_LIMIT = _any_of(r"recipient has exceeded|messages (?:they|it) can receive|receiving mail")
# The server refuses the client: its name, its address, what authenticates it.
_CLIENT = _any_of(
    r"(?:in reply to|response to|after) (?:the )?(?:initial connection|EHLO|HELO|STARTTLS|AUTH)",
    r"client host|your (?:host|ip|server|network|mail ?server|dns|hostname|domain)|reverse[- ]?(?:dns|hostname|mapping|lookup)|\bPTR\b|\bHELO\b|\bEHLO\b|resource record",
    r"\b(?:SPF|DKIM|DMARC)\b",
)
_FULL = _any_of(
    r"(?:mail ?box|inbox|user|account|recipient|maildir|disk|storage|speicher\w*|postfach)\b[^.\n]{0,40}\b(?:full\b(?! name| detail| text)|quota|storage|exceeded|over ?size|too large|voll|erschöpft)",
    r"over (?:disk )?quota|quota[^.\n]{0,20}(?:exceed|full|over|violat|reach)|exceed\w* [^.\n]{0,30}(?:quota|storage|mailbox size)|full mailbox|insufficient (?:disk|system|mailbox)",
    r"(?:not (?:have )?enough|no|insufficient|out of) (?:disk |free |storage )?space|speicherplatz|bo[iî]te\b.{0,25}pleine|buz[oó]n.{0,20}llen|casella.{0,20}piena|caixa.{0,20}chei|переполнен|空き容量|容量",
)
# For now, or because of the number of messages.
_PASSING = _any_of(
    r"\bloop(?:s|ing|ed)?\b|hop count|too many hops|temporar|try(?:ing)? again|try later|retry|grey-?list|gray-?list|deferred|rate[- ]?limit|at a rate|too (?:many|fast|much)|throttl|vorübergehend|später erneut",
    r"timed? ?out|connection (?:refused|reset|lost|dropped)|(?:max\w*|sending|daily|hourly|message) (?:\w+ )?limit|exceeded the|exceeds the (?:limit|max)",
)
# What the message is or where it comes from.
_POLICY = _any_of(
    r"\bspam|\bbulk\b|unsolicited|black-?list|block-?list|blocked|\bRBL\b|DNSBL|reputation|polic(?:y|ies)|virus|malware|phish|content|prohibited|not (?:authori[sz]ed|allowed|permitted)|authenticat|relay|banned",
    r"too (?:big|large)|size (?:limit|exceed)|message size|system (?:error|config)|i/o error|certificate|TLS\b|syntax|restricted|access to|only accepts|suspended|abuse",
)
_THING = r"(?:users?|recipients?|rcpts?|mail ?box(?:es)?|accounts?|address(?:es)?|addressee|userid|login name|person|alias|login|local[- ]?part|e-?mail|mail-?drop|e-?mail ?box|destination|customer|employee|subscriber|inbox)"
_GONE = (
    r"(?:unknown|not (?:be )?(?:found|known|exist\w*|valid|listed|recogni[sz]ed|local|present|available at|active|defined|registered)|n[o']t (?:found|exist|have an?)|"
    r"(?:does|dos|do|did)(?: not|n.?t) (?:\w+ )?(?:exist|match)|doesn.?t exist|non-?exist\w*|invalid|no longer \w+|unava\w{1,3}able|"
    r"(?:has been|is|was|been|currently) (?:permanently )?(?:disabled|deleted|removed|closed|deactivated|inactive|terminated|discontinued|cancell?ed|retired)|undeliverable|disabled|deactivated|inactive)"
)
_NO_USER = _any_of(
    rf"\b{_THING}\b[^.;\n]{{0,70}}?\b{_GONE}\b",
    r"@[\w.-]++[\]>)'\"]?:? (?:(?:(?:is|has been|was) )?(?:no longer \w+|not (?:valid|found|known)|invalid|unknown|disabled|deleted|unavailable)|(?:does|do)(?: not|n.?t) exist)|account (?:is )?closed|closed account",
    rf"\b(?:unknown|no such|invalid|wrong|non-?exist(?:[ae]nt|ing)|deactivated|closed|expired|unroute?able|undeliverable|bad|incorrect|illegal|inactive|disabled|not a valid|not a known|no valid|isn.?t a valid|no)(?: active| local| email| e-mail| virtual| destination| final| delivery| mail| recipient| user| known| account)* (?:{_THING})\b(?! rate| error)",
    r"no such (?:user|name|person|local|recipient|mailbox|account|address)|(?:was|were)n.?t found|couldn.?t be found|could not be found|cannot be found|not a (?:valid|known|local) ",
    r"(?:does|do)(?: not|n.?t) have (?:an? |any )?(?:\S+ )?(?:account|mailbox|user)|has no (?:mailbox|account)|not our customer|no one (?:here|by|at this)|nobody (?:here|by)|not listed in|not in (?:our |the |my )?(?:\w+ )?(?:directory|address book|database|local|list)\b",
    r"(?:is|was|were) not found (?:in|on) (?:the |this |our )?(?:LDAP|server|directory|system|database)|(?:unable to|cannot|can.?t|could not|couldn.?t) find (?:\S+ )?(?:user|recipient|alias|mailbox|account)|not a member of (?:this |the |our )?domain|(?:doesn.?t|does not) handle mail for (?:that|this) (?:user|recipient|address)|no ?(?:one|body) with th(?:at|is) (?:e-?mail )?address|no longer (?:an? )?employe[de]\w?",
    r"recipients? cannot be verified|recipient verif(?:y|ication) failed|due to inactivity|(?:account|mailbox|address) (?:has |is )?expired|mailbox (?:is )?not available|user <?x@x>? not ok\b",
    r"\b(?:user|recipient|mailbox|account)[-_]?(?:unknown|not[-_]?found|invalid|not[-_]?exist\w*)\b|\b(?:unknown|invalid|no[-_]?such)[-_](?:user|recipient|mailbox)\b|not an? (?:active|existing|registered|recogni[sz]ed) (?:e-?mail )?(?:user|address|mailbox|account|recipient)",
    r"bad_?rcpt_?to|bad_?recipient|validrcptto|recipients? (?:is |are )?not (?:accepted|ok)\b|(?:can.?t|cannot) accept (?:user|recipient)|missing home directory|server rejected (?:the )?recipients?\b|envelope recipient has been denied|\bno \S{1,320} in (?:the )?(?:\w+ )?directory",
    r"RecipientNotFound|ADR\.\w*(?:NotFound|InvalidSmtpAddress|ExRecipNotFound)|recipient (?:address )?rejected\.?(?: \(in reply|$)|(?:has|have) moved|moved (?:to|away)|address rejected: undeliverable|does not (?:like|accept) recipient",
    r"(?:benutzer|empf(?:ä|ae)nger|postfach|adresse|konto|teilnehmer|mailbox)\w*\b[^.\n]{0,60}(?:unbekannt|existiert (?:\w+ )?nicht|nicht (?:gefunden|vorhanden|bekannt|gültig|existent|mehr)|ungültig|gesperrt|deaktiviert|gelöscht)|unbekannte\w? (?:benutzer|empfänger|adress)|kein\w* (?:solche\w* )?(?:benutzer|empfänger|postfach|mailbox)|nicht gefunden",
    r"(?:utilisateur|destinataire|adresse|bo[iî]te|compte|abonn[ée])\b[^.\n]{0,60}(?:inconnu|inexistant|n.existe pas|n.est (?:plus|pas) valide|introuvable|invalide|non trouv|d[ée]sactiv|supprim)|adresse d.?au moins un destinataire invalide|non r[ée]pertori[ée]",
    r"no existe (?:\w+ )?(?:persona|usuario|cuenta|destinatari)|(?:usuario|destinatario|direcci[oó]n|buz[oó]n|cuenta|casilla)\b[^.\n]{0,60}(?:desconocid|ha expirado|no existe|inexistente|no (?:se )?(?:ha )?(?:podido )?encontr|inv[aá]lid|no v[aá]lid|inactiv)",
    r"nessun\w? (?:utente|casella|destinatario)|(?:utente|destinatario|casella|indirizzo)\b[^.\n]{0,60}(?:sconosciut|errat|inesistente|non esiste|non (?:è stat\w )?trovat|non valid|disabilitat)",
    r"(?:usu[aá]rio|destinat[aá]rio|caixa|endere[cç]o|conta)\b[^.\n]{0,60}(?:desconhecid|n[aã]o existe|inexistente|n[aã]o (?:foi )?encontrad|inv[aá]lid)",
    r"(?:gebruiker|ontvanger|postvak|adres|mailbox)\b[^.\n]{0,60}(?:onbekend|bestaat niet|niet (?:gevonden|bekend))|nie istnieje|nie ma takie\w+ (?:konta|adresu|użytkownika|uzytkownika)|nieznany|neexistuje|ukendt|okänd|ukjent|tuntematon",
    r"(?:пользовател|получател|адрес|ящик)\w*[^.\n]{0,60}(?:не существует|не найден|неизвест|отключ|заблокирован|неверн)|нет такого (?:пользователя|адреса|ящика)",
    r"(?:ユーザ|宛先|アドレス|メールボックス)[^。\n]{0,40}(?:存在し|見つかりません|不明|間違)|(?:用户|收件人|邮箱|地址|使用者|收件者)[^。\n]{0,20}(?:不存在|未找到|无效|找不到|無效)|(?:无此|無此|没有此)(?:用户|收件人|邮箱|使用者)",
    r"(?:kullanıcı|alıcı|posta kutusu|adres)\w*[^.\n]{0,40}(?:bulunamadı|mevcut değil|yok\b|geçersiz)|존재하지 않는 (?:사용자|계정|수신자|메일)|(?:사용자|수신자|계정|메일함)[^.\n]{0,20}(?:없|찾을 수 없|존재하지 않)",
)
_NO_HOST = _any_of(
    r"(?:host|domain)(?: or domain)?(?: name)?\b(?! lookup)[^;\n]{0,70}?(?:unknown|not (?:be )?found(?!, try)|not exist|doesn.?t exist|existiert nicht)",
    r"(?<![\w.-])[\w-]++(?:\.[\w-]++)++ (?:does not|doesn.?t) exist",
    r"\bNXDOMAIN\b|invalid domain name|name or service not known|recipient domain must exist|(?:no such|unknown|non-?existent|unroute?able|bad|illegal|invalid)(?: mail| destination| recipient)? (?:host|domain|system)|could ?n.?t find any host|unroute?able|null ?MX|(?:does|do) not accept (?:any )?(?:e-?)?mail\b(?! (?:from|that|which|with|in|of|over|larger|without|sent))|no mail server|can.?t find (?:your )?(?:domain|host)|bad destination",
)


def codes_in(text: str, *, marked: bool = False) -> list[tuple[str, str]]:
    """Return the enhanced status codes in a text as (class, subject and detail), such as ("5", "1.1")."""
    pattern = _MARKED_CODE if marked else _CODE
    return [(found[1], found[2]) for found in pattern.finditer(text[:_LONGEST])]


def speaks_of_sender(text: str) -> bool:
    """Return whether a reply is about the sender of the message, or the client, not about a recipient."""
    return bool(_SENDER.search(text[:_LONGEST]))


def address_of(text: str) -> str:
    """Return the address that a reply begins with, which it speaks of, in lower case, or ""."""
    found = _SUBJECT.match(text[:_LONGEST])
    return found[1].lower() if found else ""


def limits_the_account(text: str) -> bool:
    """Return whether a reply says that the account may send no more now, or not from this address."""
    if _RECIPIENT_LIMIT.search(text):
        return False
    return bool(_ACCOUNT.search(text)) or any(
        code in {("5", "4.5"), ("5", "4.6"), ("5", "2.252")} for code in codes_in(text[:10])
    )


def names_full_mailbox(text: str) -> bool:
    return bool(_FULL.search(text[:_LONGEST]))


def names_dead_address(text: str) -> bool:
    """Return whether the words of a reply say that the mailbox or domain does not exist."""
    text = _flat(text)
    return bool(_NO_USER.search(text) or _NO_HOST.search(text))


def _flat(text: str) -> str:
    """Return the beginning of a text on one line, with the same stand-in for each address and server."""
    return _SERVER.sub("mx", _ADDRESS.sub("x@x", " ".join(text[:_LONGEST].split())))


def refuses_dead_address(line: str) -> bool:
    """Return whether one line of a transcript is the permanent refusal of a dead address, whatever others say."""
    if len(line) >= 1000 or _WRONG_ORDER.search(line):
        return False
    return bool(_PERMANENT_REPLY.search(line)) and judge("", line) == "hard"


def judge(status: str, text: str, explanation: Iterable[str] = ()) -> Verdict:
    """Return whether a failure shows a dead address.

    `status` is the enhanced status code of a report, `text` the reply of the server that refused; without a
    status, it is a text for people. If these say nothing but that it failed, the texts of `explanation` are read, too.
    """
    text = _flat(text)
    found = [*codes_in(status), *codes_in(text, marked=not status)]
    if _SENDER.search(text) or _FULL.search(text) or any(subject in MAILBOX_FULL for _, subject in found):
        return "soft"
    if _NO_DOMAIN.search(text):
        return "hard"
    if _is_transient(status, text, found):
        return "soft"
    dead = names_dead_address(text)
    if _PASSING.search(text) or _CLIENT.search(text):
        return "soft"
    if ("5", "4.1") in found and "access denied" in text.lower():  # Exchange Online: no such mailbox
        return "hard"
    if dead:
        return "soft" if _refuses_something_else(text, found) else "hard"
    specific = [subject for _, subject in found if subject not in _GENERAL]
    if not _POLICY.search(text) and specific and all(each in NO_SUCH_ADDRESS for each in specific):
        return "hard"
    if not specific and not _POLICY.search(text) and not _reply_says_more(text):
        return _judge_explanation(explanation)
    return "soft"


def _is_transient(status: str, text: str, found: list[tuple[str, str]]) -> bool:
    """Return whether all codes, or without any all reply codes, are of class 4."""
    classes = {kind for kind, _ in found} or {each[1] for each in _REPLY_CODE.finditer(text)}
    return classes == {"4"} or status.strip().startswith("4")


def _refuses_something_else(text: str, found: list[tuple[str, str]]) -> bool:
    """Return whether a reply that seems to name a dead address gives the message or its origin as the reason."""
    rest = _OF_ANY_REASON.sub(" ", text)
    return bool(_POLICY.search(rest)) and (_says_policy(found) or not names_dead_address(rest))


def _says_policy(found: list[tuple[str, str]]) -> bool:
    return any(subject.startswith("7.") for _, subject in found)


def _reply_says_more(text: str) -> bool:
    """Return whether a reply has words besides its codes."""
    return len(re.findall(r"[^\W\d_]{4,}", text)) > 5


def _judge_explanation(explanation: Iterable[str]) -> Verdict:
    for text in explanation:
        flat = _flat(text)
        if _SENDER.search(flat) or _FULL.search(flat) or _PASSING.search(flat):
            return "soft"
        if names_dead_address(flat):
            return "hard"
    return "soft"
