"""Reports on what happened in a period.

`activity` works it out of commits (a pure function over them), `document` says it in words and tables, and
`markdown` and `page` (HTML) render that; `rows` is the same for other tools, a row a change.
"""
