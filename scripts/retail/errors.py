"""Errors that a user can cause."""


class UserError(Exception):
    """Something the user can put right: one line that says what is wrong, where, and what to do.

    The command line prints the message without a traceback and exits with 1.
    """
