"""One run of the program: what it writes, as it comes."""

from __future__ import annotations

import contextlib
import io
import os
import select
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import IO, cast

import pyarrow as pa
import pyarrow.ipc

from .errors import EhlotraceError
from .schema import STREAM
from .tables import has_input_end

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

PIPE_OCTETS = 1 << 20
# What is kept of the program's errors.
ERROR_OCTETS = 4096

# How errors begin: what the program says of a capture, and of its arguments.
PREFIX = "ehlotrace: "
USAGE = "error: "
# What stands last in a whole report.
SUMMARY = b'{"type":"summary"'
END_OF_STREAM = b"\xff\xff\xff\xff\0\0\0\0"
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
    """A run of ``ehlotrace scan``, ended when it is left."""

    def __init__(self, program: str, arguments: Sequence[str], feed: Feed, *, folder: str | None = None) -> None:
        """Starts the program in `folder`; `feed` writes its standard input, on another thread.

        :raises EhlotraceError: if it cannot be started.
        """
        self.is_whole = False
        self.has_begun = False
        """Whether a report has begun."""
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            self._process = subprocess.Popen(
                [program, "scan", "--quiet", *arguments],
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

    def lines(self) -> Iterator[bytes]:
        """The lines of JSON Lines. One that breaks off is left out."""
        for line in self._process.stdout or ():
            if line.endswith(b"\n"):
                self.is_whole = line.startswith(SUMMARY)
                yield line
        self._process.wait()

    def batches(self, limit_s: float | None = None) -> Iterator[pa.RecordBatch]:
        """The batches of Arrow, with the schema `STREAM`. One that breaks off is left out.

        :raises TimeLimitError: if the program takes longer than `limit_s` for one input. What the caller does with a batch
            does not count.
        :raises EhlotraceError: if they are of a program with another form of reports.
        """
        if self._process.stdout is None:
            return
        source = _Source(cast(io.RawIOBase, cast(io.BufferedReader, self._process.stdout).raw), limit_s)
        try:
            # What breaks off is no error here: the program was ended, which its exit code says.
            with contextlib.suppress(pa.ArrowInvalid, OSError), pa.ipc.open_stream(source) as reader:
                self.has_begun = True
                if not reader.schema.equals(STREAM, check_metadata=True):
                    raise EhlotraceError("the program is of another version than this package: its tables have other columns")
                while True:
                    try:
                        batch = reader.read_next_batch()
                    except StopIteration:
                        break
                    if has_input_end(batch):
                        source.waited_s = 0.0
                    yield batch
        except TimeLimitError:
            self.kill()
            raise
        self.is_whole = source.last == END_OF_STREAM
        self._process.wait()

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
        """Checks that the run, whose report was read to its end, did what it was asked to.

        :raises EhlotraceError: if it did not: wrong usage, nothing could be read, or the program was ended.
        """
        if self.exit_code == EXIT_FAILURE:
            raise EhlotraceError(self.sentence())
        if not self.is_whole:
            raise EhlotraceError(self.ended())


class _Source:
    """What the program writes, for pyarrow, which waits no longer than allowed."""

    closed = False

    def __init__(self, pipe: io.RawIOBase, limit_s: float | None) -> None:
        self._pipe = pipe
        self._limit_s = limit_s
        self.waited_s = 0.0
        """How long the program was waited for."""
        self.last = b""
        """The last octets that were read, as many as the end of the stream has."""

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        """Nothing: the pipe belongs to the run."""

    def read(self, octets: int) -> memoryview:
        """So many octets, or what is left.

        :raises TimeLimitError: if they do not come in time.
        """
        found = memoryview(bytearray(octets))
        place = 0
        while place < octets:
            self._wait()
            came = self._pipe.readinto(found[place:])
            if not came:
                break
            place += came
        self.last = (self.last + bytes(found[max(0, place - len(END_OF_STREAM)) : place]))[-len(END_OF_STREAM) :]
        return found[:place]

    def _wait(self) -> None:
        if self._limit_s is None or not hasattr(select, "poll"):
            return
        since = time.monotonic()
        poll = select.poll()
        poll.register(self._pipe, select.POLLIN)
        left_s = self._limit_s - self.waited_s
        if left_s <= 0 or not poll.poll(left_s * 1000):
            raise TimeLimitError
        self.waited_s += time.monotonic() - since
