"""What a free-text log message says about sessions and locks: `key=value` pairs, `[session:a1]` tags, and a few plain sentences.

Precise before complete: what stands for an id must look like one (a digit, a joint, or quotes), so that "session cookie expired"
names no session.
"""

from __future__ import annotations

import re
from typing import Any

from session_ops.lifecycles.readers.pairs import PAIR, pairs

_WORDS = {
    "id": r"(?:\"[^\"\s]{1,80}\"|'[^'\s]{1,80}'|#?[A-Za-z0-9@][\w.@:/+-]*\d[\w.@:/+-]*|#?\d[\w.@:/+-]*|[A-Za-z][A-Za-z0-9]*(?:[-_][A-Za-z0-9]+)+)",
    "res": r"(?:\"[^\"]{1,120}\"|'[^']{1,120}'|[\w./@:#+-]+)",
    "thing": r"session|sess|run|agent|worker|conversation",
    "verb": (
        r"starting|started|start|beginning|began|begin|opened|created|launched|registered|initiali[sz]ed|spawned"
        r"|ending|ended|end|stopping|stopped|stop|closed|finished|completed|complete|done|exited|exit|removed|terminated"
        r"|crashed|crash|failed|aborted|killed|died|lost|expired|timed out|timeout|stale|reaped|abandoned|orphaned|evicted"
        r"|dead|deregistered|unregistered|resumed|resume|restarted|reopened|heartbeat|beat|ping|alive|keepalive|keep-alive|idle|paused|waiting|blocked|active"
    ),
    "take": r"acquires|acquired|acquire|takes|took|taken|claims|claimed|claim|grabs|grabbed|locks|locked|lock|obtained|got|holds",
    "free": r"releases|released|release|frees|freed|unlocks|unlocked|unlock|unclaimed|dropped|drops",
    "wait": r"waits for|waiting for|waiting on|waits on|requests|requested|request|wants|is blocked on|blocked on",
    "steal": r"steals|stole|stolen|breaks|broke|took over|takes over|force-acquired",
    "renew": r"renews|renewed|renew|refreshed|extends|extended|extend",
    "deny": r"was denied|denied|failed to acquire|could not acquire|cannot acquire|could not get|refused",
    "lock": r"locks?|leases?|claims?|mutex|reservation",
}
_END = r"(?=$|[\s,.;:|)\]!])"


def _compiled(text: str) -> re.Pattern[str]:
    for name, body in _WORDS.items():
        text = text.replace("{" + name + "}", f"(?:{body})")
    return re.compile(text, re.IGNORECASE)


_LOCKS = tuple(
    (_compiled(text), kind)
    for kind, word in (
        ("lock_wait", "wait"), ("lock_denied", "deny"), ("lock_steal", "steal"), ("lock_renew", "renew"), ("lock_release", "free"),
        ("lock_acquire", "take"),
    )
    for text in (
        # s-1 acquired lock db; agent-2 waits for the lock on db
        rf"^(?:(?P<thing>{{thing}})[ :]+)?(?P<who>{{id}})[:|]?\s+{{{word}}}\s+(?:an?\s+|the\s+)?{{lock}}\s+(?:on\s+|for\s+|of\s+)?(?P<resource>{{res}})",
        # lock db acquired by s-1
        rf"^{{lock}}\s+(?:on\s+|for\s+)?(?P<resource>{{res}})\s+(?:was\s+|is\s+)?{{{word}}}(?:\s+(?:by|from)\s+(?:(?P<thing>{{thing}})\s+)?(?P<who>{{id}}))?{_END}",
        # LOCK ACQUIRED: db; lock released: db (s-1)
        rf"^{{lock}}\s+(?:was\s+)?{{{word}}}\s*[:|]\s*(?P<resource>{{res}})(?:\s*$|\s*[(\[,;]\s*|\s+(?=by|from|held))(?:(?:held\s+)?(?:by|from)\s+)?(?:(?P<thing>{{thing}})\s+)?(?P<who>{{id}})?",
        # LOCK ACQUIRED db by s-1
        rf"^{{lock}}\s+(?:was\s+)?{{{word}}}\s+(?:on\s+|for\s+)?(?P<resource>{{res}})\s+(?:by|for|from)\s+(?:(?P<thing>{{thing}})\s+)?(?P<who>{{id}}){_END}",
        # acquired lock db (the session is named elsewhere in the line)
        rf"^{{{word}}}\s+(?:an?\s+|the\s+)?{{lock}}\s+(?:on\s+|for\s+|of\s+)?(?P<resource>{{res}})(?:\s+(?:by|for)\s+(?:(?P<thing>{{thing}})\s+)?(?P<who>{{id}}))?",
    )
)  # fmt: skip
_LOCK = _compiled("{lock}")
_DEED = _compiled("{take}|{free}|{wait}|{steal}|{renew}|{deny}")
"""What no lock is called: "lock acquired: waiting for workers" waits for none."""
_GONE = (
    r"(?:removing|removed|cleaning up|cleaned up|clearing|cleared|reaping|reaped|pruning|pruned|breaking)\s+(?:an?\s+|the\s+)?"
    r"(?:stale|dead|orphaned|expired|abandoned)"
)
_STALE = tuple(
    _compiled(rf"^{_GONE}\s+{rest}")
    for rest in (
        # removing stale lock db held by s-1
        r"{lock}\s+(?:on\s+|for\s+|of\s+)?(?P<resource>{res})(?:\s+(?:held|owned|left)\s+by\s+(?:(?P<thing>{thing})\s+)?(?P<who>{id}))?",
        # cleaned up stale session s-1
        rf"(?P<thing>{{thing}})\s*[:#=]?\s*(?P<who>{{id}}){_END}",
    )
)  # fmt: skip
_COMMANDS = re.compile(
    r"^(?:(?P<thing>SESSION|AGENT|WORKER|RUN)[ :]+)?(?P<who>\S+)\s+\|?\s*"
    r"(?P<word>LOCK|UNLOCK|CLAIM|RELEASE|ACQUIRE|RENEW|STEAL|WAIT)\s+\|?\s*(?P<resource>\S+)\s*$"
)
"""Lines of home-made trackers, in capitals: `SESSION s1 LOCK db`."""
_SHOUTED = re.compile(
    r"^(?P<thing>SESSION|AGENT|WORKER|RUN)[ :]+(?P<who>[\w.@:/+-]+)\s*[|:,-]?\s*(?P<word>[A-Z][A-Z_]{2,20})\b(?:\s*[|:,-]?\s*(?P<rest>.*))?$"
)
"""`SESSION alpha START`: capitals on both sides show that what stands between is a name."""
_SENTENCES = tuple(
    _compiled(text)
    for text in (
        # session s-1 started; Session "s1": heartbeat
        rf"^(?:the\s+)?(?P<thing>{{thing}})(?:\s*[:#=]\s*|\s+(?:-\s+)?)(?P<who>{{id}})\s*[:|,;-]?\s*(?:has\s+|was\s+|is\s+|went\s+|state\s+)?(?P<word>{{verb}}){_END}",
        # started session s-1; heartbeat from agent a-2; New session 5 of user root
        rf"^(?P<word>{{verb}}|new|removed|starting|closing)\s+(?:a\s+|the\s+|new\s+|from\s+|of\s+)*(?P<thing>{{thing}})\s*[:#=]?\s*(?P<who>{{id}}){_END}",
        # session start: s-1; SESSION_START s-1; session started (id: s-1)
        rf"^(?P<thing>{{thing}})[ _.-]?(?P<word>{{verb}})\s*[:=|,(\[-]?\s*(?:for\s+|by\s+|(?:id|name)\s*[:=]?\s*)?(?P<who>{{id}}){_END}",
        # heartbeat s-1; ping from s-1; heartbeat received from s-1
        rf"^(?P<word>heartbeat|ping|keepalive)\s*[:|]?\s+(?:received\s+|sent\s+)?(?:from\s+|of\s+)?(?:(?P<thing>{{thing}})\s+)?(?P<who>{{id}}){_END}",
        # s-1 | START | …; s-1: started
        rf"^(?P<who>{{id}})(?:\s*[:|,;]\s*|\s+)(?P<word>{{verb}}){_END}",
    )
)
_WORD = _compiled(rf"^(?:(?P<thing>{{thing}})\s+)?(?:has\s+|was\s+|is\s+)?(?P<word>{{verb}}){_END}")
"""What a message says whose session was named by a tag or a pair."""
_TAG = re.compile(
    r"[\[(](?:(?P<thing>session|sess|sid|run|agent|worker)(?:[ _]?id)?\s*[:=# ]\s*(?P<who>[\w.@:/+-]+)"
    r"|(?P<own>(?P<kin>session|sess|run|agent|worker)-[\w.@+-]+))[\])]",
    re.IGNORECASE,
)
"""`[session:s-1]`, or a name that says itself what it is: `[agent-7]`."""
_OWN_THING = re.compile(r"(session|sess|run|agent|worker|conversation)[-_]", re.IGNORECASE)
_HINT = re.compile(
    r"=|sess|run|agent|worker|conversation|lock|lease|claim|beat|ping|start|end|stop|crash|exit|\bSID\b", re.IGNORECASE
)
_BRACKETED = re.compile(r"\[[\w@.-]*\s*\]")
"""What is left of structured data and tags once their pairs are taken out."""
_LEAD = re.compile(r"^[^\w\"'@#/.$%+]+(?:(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR)\b[\s\]:|-]*)?")
_STARTING = {
    "new": "start",
    "closing": "end",
    "removed": "end",
    "beginning": "start",
    "starting": "start",
    "stopping": "end",
    "ending": "end",
    "deregistered": "end",
    "unregistered": "end",
}
_COMMAND_KINDS = {"LOCK": "lock_acquire", "CLAIM": "lock_acquire", "ACQUIRE": "lock_acquire", "UNLOCK": "lock_release"} | {
    "RELEASE": "lock_release", "RENEW": "lock_renew", "STEAL": "lock_steal", "WAIT": "lock_wait",
}  # fmt: skip
_FIELDS = {"session": "session", "sess": "session", "sid": "session", "run": "run_id", "agent": "agent_id", "worker": "worker_id"} | {
    "conversation": "conversation_id",
}  # fmt: skip
_NAMED = frozenset((*_FIELDS.values(), "session_id", "sessionId", "runId", "agentId"))


def mine(text: str) -> dict[str, Any] | None:
    """The fields that a message holds: pairs and tags under their own names; session (or run, agent …), kind and resource of a sentence.

    None where there is nothing.
    """
    if not _HINT.search(text):
        return None
    found = pairs(text) if "=" in text else {}
    for tag in _TAG.finditer(text):
        found.setdefault(_FIELDS[(tag["thing"] or tag["kin"]).lower()], tag["who"] or tag["own"])
    body = _LEAD.sub("", _BRACKETED.sub("", PAIR.sub("", _TAG.sub("", text))) if found else text)
    said = _sentence(body)
    if said is None and found and (word := _WORD.match(body)):
        said = {"kind": _kind(word)}
        if word["thing"] and "id" in found and not found.keys() & _NAMED:
            said[_FIELDS[word["thing"].lower()]] = found["id"]
    for name, value in (said or {}).items():
        found.setdefault(name, value)
    return found or None


def _sentence(text: str) -> dict[str, Any] | None:
    if command := _COMMANDS.match(text):
        return _who(command) | {"kind": _COMMAND_KINDS[command["word"]], "resource": command["resource"]}
    if shouted := _SHOUTED.match(text):
        more = {"resource": shouted["rest"].strip()} if "LOCK" in shouted["word"] and shouted["rest"] else {}
        return _who(shouted) | {"kind": _kind(shouted)} | more
    for pattern, kind in _LOCKS if _LOCK.search(text) else ():
        if (found := pattern.match(text)) and not _DEED.fullmatch(_bare(found["resource"])):
            return _who(found) | {"kind": kind, "resource": _bare(found["resource"])}
    for pattern in _SENTENCES:
        if found := pattern.match(text):
            return _who(found) | {"kind": _kind(found)}
    for pattern in _STALE:
        if found := pattern.match(text):
            if "resource" in found.groupdict():
                return _who(found) | {"kind": "lock_expired", "resource": _bare(found["resource"])}
            return _who(found) | {"kind": f"{_thing(found)}_expired"}
    return None


def _who(found: re.Match[str]) -> dict[str, Any]:
    said = found.groupdict()
    if not said.get("who"):
        return {}
    who = _bare(said["who"])
    own = _OWN_THING.match(who)
    return {_FIELDS[(said.get("thing") or (own[1] if own else "session")).lower()]: who}


def _kind(found: re.Match[str]) -> str:
    word = found["word"].lower()
    word = _STARTING.get(word, word)
    thing = _thing(found)
    if word in ("heartbeat", "beat", "ping", "alive", "keepalive", "keep-alive"):
        return "heartbeat"
    if "lock" in word or word in ("waiting", "blocked"):
        return word
    return f"{thing}_{word}" if thing else word


def _thing(found: re.Match[str]) -> str:
    thing = (found.groupdict().get("thing") or "").lower()
    return "session" if thing == "sess" else thing


def _bare(text: str) -> str:
    return text.strip("\"'").rstrip(".,;:!|")
