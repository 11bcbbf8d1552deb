"""Names of header fields, compact forms (RFC 3261 §20) and reason phrases (§21)."""

from __future__ import annotations

from sip.errors import UnsafeField

_FIELDS = """
Accept Accept-Encoding Accept-Language Alert-Info Allow Allow-Events Authentication-Info Authorization Call-ID Call-Info
Contact Content-Disposition Content-Encoding Content-Language Content-Length Content-Type CSeq Date Diversion Error-Info
Event Expires From Identity In-Reply-To Max-Forwards MIME-Version Min-Expires Min-SE Organization P-Asserted-Identity
P-Preferred-Identity Path Priority Privacy Proxy-Authenticate Proxy-Authorization Proxy-Require RAck Reason Record-Route
Refer-Sub Refer-To Referred-By Replaces Reply-To Require Retry-After Route RSeq Server Service-Route Session-Expires
Subject Subscription-State Supported Timestamp To Unsupported User-Agent Via Warning WWW-Authenticate
"""
LABELS = {name.lower(): name + ": " for name in _FIELDS.split()}
"""How a canonical lower-case name is written, colon and space included."""

_COMPACT = {
    "a": "accept-contact",
    "b": "referred-by",
    "c": "content-type",
    "d": "request-disposition",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "j": "reject-contact",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "n": "identity-info",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
    "y": "identity",
}
CANONICAL = (
    {label[:-2]: name for name, label in LABELS.items()}
    | {name: name for name in LABELS}
    | _COMPACT
    | {letter.upper(): name for letter, name in _COMPACT.items()}
)
TOKEN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~")


class _Spelled(dict[str, str]):
    """How each canonical name is written, unknown ones too."""

    def __missing__(self, name: str) -> str:
        if not TOKEN.issuperset(name):
            raise UnsafeField("a header name holds a character that no name may have")
        return name.title() + ": "


SPELLED = _Spelled(LABELS)

REASONS = {
    100: "Trying",
    180: "Ringing",
    183: "Session Progress",
    200: "OK",
    202: "Accepted",
    302: "Moved Temporarily",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    410: "Gone",
    413: "Request Entity Too Large",
    415: "Unsupported Media Type",
    416: "Unsupported URI Scheme",
    420: "Bad Extension",
    421: "Extension Required",
    422: "Session Interval Too Small",
    423: "Interval Too Brief",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    484: "Address Incomplete",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    489: "Bad Event",
    491: "Request Pending",
    500: "Server Internal Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    504: "Server Time-out",
    505: "Version Not Supported",
    513: "Message Too Large",
    600: "Busy Everywhere",
    603: "Decline",
    604: "Does Not Exist Anywhere",
    606: "Not Acceptable",
}
