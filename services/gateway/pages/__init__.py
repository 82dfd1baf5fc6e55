"""The routes, one module per noun. Each takes what a browser sent, asks `web` and answers with a page."""
