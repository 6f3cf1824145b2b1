"""Commands of `evenwicht` on the command line, a module each: `add` declares its arguments, `run` does it."""
