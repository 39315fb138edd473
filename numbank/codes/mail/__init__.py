"""Reads a mail: its code, else the link that confirms something. `reader` is the way in."""

from numbank.codes.mail.reader import MailFound, read_mail, read_mail_and_text, weighed_links

__all__ = ["MailFound", "read_mail", "read_mail_and_text", "weighed_links"]
