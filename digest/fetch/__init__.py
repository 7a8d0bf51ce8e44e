"""What is announced on the web and by mail, kept as digest files in the inbox: fetch once, read as often as
you like.

`fetching` tells the story; `places` knows what each kind of source is asked for, `web` asks, politely, within
limits and under guard, `imap` reads mailboxes, `memory` remembers where each source stands.
"""
