"""What goes wrong."""


class EhlotraceError(Exception):
    """The program could not do what it was asked to; the text is its own sentence."""
