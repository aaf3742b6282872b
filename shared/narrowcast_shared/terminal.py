"""Standard output and error that take any text, whatever the terminal can show.

A terminal, or a pipe, of a latin-1 or ASCII locale cannot take the braille dots of a plot, and
Python would end the program over the first of them. Here a character that the stream's encoding
lacks is written as the ASCII one that looks most like it, as wide as it was, so that drawings keep
their columns; what looks like nothing in ASCII becomes a question mark. A name of a file that is
no valid UTF-8 is written that way too.

click takes a stream in ASCII for a fault of the environment and writes UTF-8 to it. So ASCII gets
another name here, of a codec that is the same.
"""

import codecs
import io
import sys

LOOK_ALIKE = "narrowcast_look_alike"
"""Name of the error handler that writes a similar character."""

ASCII = "narrowcast_ascii"
"""Name of the codec that is ASCII."""

_SIMILAR = {
    **dict.fromkeys("─━╌┄╴╶╸╺–—", "-"),  # noqa: RUF001 - dashes are what it is about
    **dict.fromkeys("│┃┊╎╵╷╹╻", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼┡┩┏┓┗┛┳┻╇╭╮╰╯╋┣┫", "+"),
    **dict.fromkeys("█▇▆▅▉▊▋▌▐▓■●", "#"),
    **dict.fromkeys("▄▃▂▁▀", "="),
    **dict.fromkeys("░▒·•", "."),
    **dict.fromkeys("±≈", "~"),
    **dict.fromkeys("‘’′", "'"),  # noqa: RUF001
    **dict.fromkeys("“”", '"'),
    "×": "x",  # noqa: RUF001
    "…": ".",
}
_BRAILLE = 0x2800
_UPPER_DOTS = 0b0001_1011  # 1, 2, 4 and 5 of a cell; the others are its lower half


def use_any_text() -> None:
    """Have this process's standard streams write what they can. For the start of a program."""
    codecs.register_error(LOOK_ALIKE, _replace)
    codecs.register(_find)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # and not what a test or an embedder put there
            is_ascii = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding=ASCII if is_ascii else None, errors=LOOK_ALIKE)


def look_alike(character: str) -> str:
    """The ASCII character that stands for one that cannot be written."""
    dots = ord(character) - _BRAILLE
    if not 0 <= dots < 1 << 8:
        return _SIMILAR.get(character, "?")
    upper, lower = bool(dots & _UPPER_DOTS), bool(dots & ~_UPPER_DOTS)
    return " .':"[2 * upper + lower]


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(look_alike, error.object[error.start : error.end])), error.end


def _find(name: str) -> codecs.CodecInfo | None:
    if name != ASCII:
        return None
    ascii_ = codecs.lookup("ascii")
    return codecs.CodecInfo(
        name=ASCII,
        encode=ascii_.encode,
        decode=ascii_.decode,
        incrementalencoder=ascii_.incrementalencoder,
        incrementaldecoder=ascii_.incrementaldecoder,
        streamreader=ascii_.streamreader,
        streamwriter=ascii_.streamwriter,
    )
