"""A first cohort file, proposed from what files say of their columns and from what stands in them.

`contents` looks at the files, `codebook` at what is said of them elsewhere, `words` knows what names and labels tell,
`columns`, `waves` and `studies` propose, and `written` puts it together as text. Each proposal is marked, for somebody
who knows the data to confirm.
"""
