"""``nbexp demo``: a true story from real runs on real data.

`sources` has what the demo writes (a notebook, its helpers, the same work under `joblib.Memory`), `folder` the project
that it makes of them, `sabotage` what it does to its own store, and `chapters` the story.
"""
