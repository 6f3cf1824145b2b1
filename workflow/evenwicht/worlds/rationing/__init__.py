"""Children conceived around the end of sugar rationing, recruited half a century later."""
