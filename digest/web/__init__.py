"""`digest serve`: the archive, the feeds and what a monitor asks, over HTTP, and the clock beside it.

    server → site → files

The only importer of Starlette and uvicorn.
"""
