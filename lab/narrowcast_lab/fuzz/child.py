"""The process that runs a target: FFmpeg's C code may take it down, and must not take more.

`python -m narrowcast_lab.fuzz.child MODULE one FILE` tries one input and needs no atheris;
`... MODULE many LIBFUZZER_FLAGS` makes its own, guided by coverage.
"""

import sys
from pathlib import Path

from narrowcast_lab.fuzz.targets import Target, load

INSTRUMENTED = ["narrowcast_shared", "narrowcast_decoder"]
"""Packages whose coverage guides; PyAV and FFmpeg are compiled, and their coverage is not seen."""


def main() -> None:
    """Ends the process with 0 where nothing was found."""
    module, mode, *arguments = sys.argv[1:]
    if mode == "one":
        load(module).run(Path(arguments[0]).read_bytes())
    else:
        _many(module, arguments)


def _many(module: str, flags: list[str]) -> None:
    import atheris  # noqa: PLC0415 - an extra

    _forget_imports()
    with atheris.instrument_imports(include=INSTRUMENTED, enable_loader_override=False):
        target: Target = load(module)
        target.run(target.seeds()[0])  # imports what is imported late
    atheris.Setup([sys.argv[0], *flags], target.run)
    atheris.Fuzz()


def _forget_imports() -> None:
    """Modules that are here already would not be instrumented."""
    for name in [name for name in sys.modules if name.partition(".")[0] in INSTRUMENTED]:
        del sys.modules[name]


if __name__ == "__main__":
    main()
