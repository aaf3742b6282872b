"""Messages to bytes and back. The byte layout is docs/protocol.md's; tests hold it literally."""

from collections.abc import Callable

from narrowcast_shared.errors import ProtocolError
from narrowcast_shared.wire import MAX_MESSAGE_BYTES, VERSION
from narrowcast_shared.wire.data import parse_data, serialise_data
from narrowcast_shared.wire.messages import (
    EPOCHS,
    INCARNATION_BYTES,
    MAX_OPTION_BYTES,
    MAX_OPTIONS,
    MAX_REASON_BYTES,
    MAX_REPORT_INTERVAL_MS,
    MAX_SESSION_BYTES,
    MAX_TIME_US,
    Capability,
    Clock,
    Data,
    End,
    EndCode,
    Hello,
    KeyframeRequest,
    Message,
    MessageType,
    OptionKey,
    Report,
    Welcome,
    check_session_name,
)
from narrowcast_shared.wire.primitives import (
    Reader,
    from_utf8,
    text,
    to_utf8,
    varint,
    zigzag,
)

FLAG_LATE = 0x10

_OF_FRAMES = (MessageType.DATA, MessageType.LATE)


def serialise(message: Message) -> bytes:
    """Bytes of one message. Raises ProtocolError where a field is out of its range."""
    return _limited(_serialise(message))


def _serialise(message: Message) -> bytes:
    match message:
        case Hello():
            return _hello(message)
        case Welcome():
            head = bytes([MessageType.WELCOME, VERSION])
            return head + _varints(
                message.capabilities, message.next_seq, message.max_message_bytes
            )
        case Data():
            return serialise_data(message)
        case Report():
            return bytes([MessageType.REPORT]) + _varints(*message)
        case KeyframeRequest():
            flags = FLAG_LATE if message.late else 0
            return bytes([MessageType.KEYFRAME_REQUEST | flags, message.epoch % EPOCHS])
        case Clock():
            body = zigzag(message.offset_us) + varint(message.round_trip_us)
            return bytes([MessageType.CLOCK]) + body
        case End():
            head = bytes([MessageType.END, message.code])
            return head + varint(message.next_seq) + text(message.reason, MAX_REASON_BYTES)


def parse(data: bytes) -> Message:
    """The one message that `data` holds. Raises ProtocolError on anything else."""
    reader = Reader(_limited(data))
    head = reader.byte()
    try:
        kind = MessageType(head & 0x0F)
    except ValueError:
        raise ProtocolError(f"message type {head & 0x0F} is unknown") from None
    flags = head & 0xF0
    if kind in _OF_FRAMES:
        message: Message = parse_data(reader, flags, late=kind is MessageType.LATE)
    elif kind is MessageType.KEYFRAME_REQUEST and flags == FLAG_LATE:
        message = KeyframeRequest(reader.byte(), late=True)
    elif flags:
        raise ProtocolError(f"flags {flags:#04x} are set on a {kind.name} message")
    else:
        message = _PARSERS[kind](reader)
    reader.finish()
    return message


def _limited(data: bytes) -> bytes:
    if len(data) > MAX_MESSAGE_BYTES:
        raise ProtocolError(
            f"a message of {len(data)} bytes, at most {MAX_MESSAGE_BYTES} are allowed"
        )
    return data


def _varints(*values: int) -> bytes:
    return b"".join(varint(value) for value in values)


def _hello(hello: Hello) -> bytes:
    if len(hello.incarnation) != INCARNATION_BYTES:
        raise ProtocolError(f"an incarnation has {INCARNATION_BYTES} bytes")
    _check_hello(hello)
    return b"".join([
        bytes([MessageType.HELLO, VERSION]),
        varint(hello.capabilities),
        text(check_session_name(hello.session), MAX_SESSION_BYTES),
        hello.incarnation,
        varint(hello.start_us),
        varint(hello.report_interval_ms),
        _options(hello),
    ])  # fmt: skip


def _options(hello: Hello) -> bytes:
    options: list[bytes] = []
    if hello.software:
        options.append(_option(OptionKey.SOFTWARE, to_utf8(hello.software, MAX_OPTION_BYTES)))
    if hello.cap_bps:
        options.append(_option(OptionKey.CAP_BPS, varint(hello.cap_bps)))
    if hello.owed_from is not None:
        options.append(_option(OptionKey.OWED_FROM, varint(hello.owed_from)))
    return varint(len(options)) + b"".join(options)


def _option(key: OptionKey, value: bytes) -> bytes:
    return varint(key) + varint(len(value)) + value


def _check_hello(hello: Hello) -> None:
    if not 0 <= hello.start_us <= MAX_TIME_US:
        raise ProtocolError(f"a session cannot start {hello.start_us} us after 1970")
    if not 1 <= hello.report_interval_ms <= MAX_REPORT_INTERVAL_MS:
        raise ProtocolError(
            f"a report interval is 1 to {MAX_REPORT_INTERVAL_MS} ms, not {hello.report_interval_ms}"
        )


def _parse_hello(reader: Reader) -> Hello:
    _check_version(reader)
    capabilities = Capability(reader.varint())
    session = check_session_name(reader.text(MAX_SESSION_BYTES))
    incarnation = reader.take(INCARNATION_BYTES)
    start_us, report_interval_ms = reader.varint(), reader.varint()
    hello = Hello(session, incarnation, start_us, report_interval_ms, capabilities)
    _check_hello(hello)
    count = reader.varint()
    if count > MAX_OPTIONS:
        raise ProtocolError(f"a HELLO with {count} options, at most {MAX_OPTIONS} are allowed")
    for _ in range(count):
        hello = _parse_option(reader, hello)
    return hello


def _parse_option(reader: Reader, hello: Hello) -> Hello:
    key, length = reader.varint(), reader.varint()
    if length > MAX_OPTION_BYTES:
        raise ProtocolError(f"an option of {length} bytes, at most {MAX_OPTION_BYTES} are allowed")
    value = reader.take(length)
    if key == OptionKey.SOFTWARE:
        return hello._replace(software=from_utf8(value))
    if key == OptionKey.CAP_BPS:
        return hello._replace(cap_bps=_only_varint(value))
    if key == OptionKey.OWED_FROM:
        return hello._replace(owed_from=_only_varint(value))
    return hello


def _only_varint(value: bytes) -> int:
    reader = Reader(value)
    number = reader.varint()
    reader.finish()
    return number


def _parse_welcome(reader: Reader) -> Welcome:
    _check_version(reader)
    capabilities = Capability(reader.varint())
    return Welcome(reader.varint(), reader.varint(), capabilities)


def _parse_report(reader: Reader) -> Report:
    return Report(*(reader.varint() for _ in Report._fields))


def _parse_end(reader: Reader) -> End:
    code = reader.byte()
    try:
        end_code = EndCode(code)
    except ValueError:
        raise ProtocolError(f"end code {code} is unknown") from None
    return End(end_code, reader.varint(), reader.text(MAX_REASON_BYTES))


def _check_version(reader: Reader) -> None:
    version = reader.byte()
    if version != VERSION:
        raise ProtocolError(
            f"the other end speaks version {version} of the wire format, this one {VERSION}",
            "install the same release of narrowcast at both ends",
        )


_PARSERS: dict[MessageType, Callable[[Reader], Message]] = {
    MessageType.HELLO: _parse_hello,
    MessageType.WELCOME: _parse_welcome,
    MessageType.REPORT: _parse_report,
    MessageType.KEYFRAME_REQUEST: lambda reader: KeyframeRequest(reader.byte()),
    MessageType.CLOCK: lambda reader: Clock(reader.zigzag(), reader.varint()),
    MessageType.END: _parse_end,
}
