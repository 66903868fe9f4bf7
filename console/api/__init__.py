"""The console for programs: the same questions and the same walls, answered in JSON to who brings a token.

`gate` lets callers in, `asks` says what a route wants of them, `shapes` what is answered, `problems` how it is refused;
the routes stand in `leads`, `acting`, `stored`, `figures` and `about`, and `reference` describes them all.
"""
