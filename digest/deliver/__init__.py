"""Delivery: from the outbox to the recipient.

* `message` makes one message per recipient from the mail of an issue; `dkim` signs it
* `smtp_channel`, `maildir` and `chat` send it; `smtp_session` speaks SMTP
* `retry_policy` decides what a reply means, `throttle` limits the rate per domain
* `worker` empties the outbox with these, over several connections if configured
* `bounces` reads bounces, complaints and unsubscribe emails; `returned_mail` reads the files that they are in
"""
