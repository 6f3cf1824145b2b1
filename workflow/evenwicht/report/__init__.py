"""Tables, figures and the HTML page; everything here reads estimate rows and cohorts, and computes no estimate."""
