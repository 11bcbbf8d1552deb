"""The telephone line: a SIP user agent. Knows wires, not call centres."""

from sip.errors import BadMessage, LocalError, RemoteError, SipError
from sip.message import Message, Request, Response, parse

__all__ = ["BadMessage", "LocalError", "Message", "RemoteError", "Request", "Response", "SipError", "parse"]
