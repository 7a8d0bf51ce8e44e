"""The web interface of `digest serve`: archive, feeds, unsubscribe pages, clicks and monitoring.

The only importer of Starlette and uvicorn.
"""
