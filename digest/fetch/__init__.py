"""Fetches sources on the web and in mailboxes, and keeps what is new as digest files in the inbox.

`fetch` is the order of things; `endpoints` knows the URLs of each kind of source; `web` requests documents
within limits, under `rate_limit`, `robots` and `network_guard`; `imap` reads mail folders; `state` remembers
the progress of each source.
"""
