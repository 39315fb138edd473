"""Mail by SMTP and LMTP: the server, the reading of mails, and the door that they come in by."""
