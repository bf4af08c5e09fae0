"""One run of the program: its JSON Lines as they come."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import IO

from .errors import EhlotraceError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

PIPE_OCTETS = 1 << 20
# Less than this at once is worth waiting for more: each reading costs a change of processes.
FEW_OCTETS = 1 << 16
PAUSE_S = 0.005
# What is kept of the program's errors.
ERROR_OCTETS = 4096

INPUT_END = b'{"type":"input_end"'
# How errors begin: what the program says of a capture, and of its arguments.
PREFIX = "ehlotrace: "
USAGE = "error: "
SUMMARY = b'{"type":"summary"'
# The exit code of wrong usage, or if nothing could be read.
EXIT_FAILURE = 2

Feed = Callable[[IO[bytes]], None]


class TimeLimitError(Exception):
    """The program was silent about one input for longer than allowed, and was ended."""


def list_of(paths: Sequence[str]) -> Feed:
    """Standard input for ``--files-from -``."""

    def feed(stdin: IO[bytes]) -> None:
        stdin.write(b"".join(os.fsencode(path) + b"\0" for path in paths))

    return feed


class Run:
    """A run of ``ehlotrace scan --format jsonl``, ended when it is left."""

    def __init__(self, program: str, arguments: Sequence[str], feed: Feed, *, folder: str | None = None) -> None:
        """Starts the program in `folder`; `feed` writes its standard input, on another thread.

        :raises EhlotraceError: if it cannot be started.
        """
        self.is_whole = False
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            self._process = subprocess.Popen(
                [program, "scan", "--format", "jsonl", "--quiet", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                cwd=folder,
            )
        except OSError as error:
            self._errors.close()
            raise EhlotraceError(f"{program}: {error.strerror}") from error
        if fcntl is not None and hasattr(fcntl, "F_SETPIPE_SZ") and self._process.stdout:
            # Refused where the user has many pipes; the usual size works as well.
            with contextlib.suppress(OSError):
                fcntl.fcntl(self._process.stdout.fileno(), fcntl.F_SETPIPE_SZ, PIPE_OCTETS)
        self._feeder = threading.Thread(target=self._feed, args=(feed,), daemon=True)
        self._feeder.start()

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._errors.close()

    def _feed(self, feed: Feed) -> None:
        stdin = self._process.stdin
        # A program that ends early reads no further, and says why itself.
        if stdin:
            with contextlib.suppress(BrokenPipeError), stdin:
                feed(stdin)

    def kill(self) -> None:
        """Ends the program, if it has not ended yet."""
        if self._process.poll() is None:
            self._process.kill()
        if self._process.stdout:
            self._process.stdout.close()
        self._process.wait()

    def blocks(self, limit_s: float | None = None) -> Iterator[bytes]:
        """The lines, many at once. A line that breaks off is left out.

        :raises TimeLimitError: if the program takes longer than `limit_s` for one input. What the caller does with a block
            does not count.
        """
        rest = b""
        for octets in self._octets(limit_s):
            end = octets.rfind(b"\n") + 1
            if end == 0:
                rest += octets
                continue
            block, rest = rest + octets[:end], octets[end:]
            self.is_whole = self.is_whole or SUMMARY in block
            yield block
        self._process.wait()

    def _octets(self, limit_s: float | None) -> Iterator[bytes]:
        stdout = self._process.stdout
        if stdout is None:
            return
        waited_s, few = 0.0, False
        while True:
            if few:
                time.sleep(PAUSE_S)
            waited_s += self._wait(stdout.fileno(), None if limit_s is None else limit_s - waited_s)
            octets = os.read(stdout.fileno(), PIPE_OCTETS)
            if not octets:
                return
            few = len(octets) < FEW_OCTETS
            if INPUT_END in octets:
                waited_s = 0.0
            yield octets

    def _wait(self, handle: int, left_s: float | None) -> float:
        """Waits until there is something to read, and says how long that took."""
        if left_s is None or not hasattr(select, "poll"):
            return 0.0
        since = time.monotonic()
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        if left_s <= 0 or not poll.poll(left_s * 1000):
            self.kill()
            raise TimeLimitError
        return time.monotonic() - since

    @property
    def exit_code(self) -> int | None:
        """The exit code, if the program has ended; negative if a signal ended it."""
        return self._process.poll()

    def errors(self) -> str:
        """The last of what the program said on standard error."""
        self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, self._errors.tell() - ERROR_OCTETS))
        return self._errors.read().decode(errors="replace").strip()

    def sentence(self) -> str:
        """What the program said last, or how it ended."""
        said = self.errors().splitlines()
        for prefix, lines in ((USAGE, said), (PREFIX, reversed(said))):
            for line in lines:
                if line.startswith(prefix):
                    return line.removeprefix(prefix)
        return self.ended()

    def ended(self) -> str:
        """How a program ended that should not have ended yet. What it said of captures has nothing to do with that."""
        code = self.exit_code
        if code is not None and code < 0:
            return f"signal {-code} ended the program"
        said = [line for line in self.errors().splitlines() if not line.startswith(PREFIX)]
        return ": ".join([f"the program ended with exit code {code}", *said[:2]])

    def check(self) -> None:
        """Checks that the run, whose lines were all read, did what it was asked to.

        :raises EhlotraceError: if it did not: wrong usage, nothing could be read, or the program was ended.
        """
        if self.exit_code == EXIT_FAILURE:
            raise EhlotraceError(self.sentence())
        if not self.is_whole:
            raise EhlotraceError(self.ended())
