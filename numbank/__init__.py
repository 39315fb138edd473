"""numbank: a bank that lends phone numbers and mailboxes and speaks the SMS-Activate wire protocol."""
