"""deliver: from the outbox to the recipient.

    lease → address → send → settle

* `mailing` turns an issue's mail into one message per recipient; what they share is made once
* `dkim` signs, `address` says what is an address at all
* `smtp` hands a message over and tells what was answered
* `policy` decides what the answer means
* `loop` empties the outbox with these, over several connections if asked to
* `bounces` reads what comes back
"""
