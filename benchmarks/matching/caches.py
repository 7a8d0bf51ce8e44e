"""Clears the caches of the program, so that a process measures like a new one."""

import sys


def clear(*packages: str) -> None:
    """Clear the `lru_cache`s in all imported modules of these packages."""
    for name, module in list(sys.modules.items()):
        if module is not None and any(name == each or name.startswith(f"{each}.") for each in packages):
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()
