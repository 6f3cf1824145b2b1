"""What may leave a secure room: counts are rounded or suppressed so that no number tells of one person.

`rounding` and `suppression` protect counts that are tied to each other by sums; `attack` says what somebody who sees
the result can work out, and is what the others are judged by.
"""
