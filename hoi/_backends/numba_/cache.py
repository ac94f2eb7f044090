"""Whether compiled walks can be kept on disk, and that no damaged file is among those that are."""

from __future__ import annotations

import contextlib
import functools
import io
import pickletools
from collections import deque
from pathlib import Path

from numba.core.caching import FunctionCache

from hoi._errors import HoiWarning, warn

__all__ = ["can_keep", "remove_damaged"]


@functools.cache
def can_keep() -> bool:
    """Whether numba finds a folder for what it compiles; said once where it does not. Damaged files are removed."""
    try:
        folder = Path(FunctionCache(remove_damaged).cache_path)
    except RuntimeError:
        warn(
            "what numba compiles cannot be kept, since neither the folder of hoi nor the cache folder of the user can "
            "be written: every process compiles anew, which takes seconds. Set NUMBA_CACHE_DIR to a folder that can be "
            "written to compile once.",
            HoiWarning,
        )
        return False
    remove_damaged(folder)
    return True


def remove_damaged(folder: Path) -> None:
    """Remove what numba kept and cannot load (cut off, overwritten), so that it is compiled anew.

    Files are read through and not loaded: that would import the modules of all walks, one of which is being imported.
    """
    for path in [*folder.glob("*.nbi"), *folder.glob("*.nbc")]:
        try:
            file = io.BytesIO(path.read_bytes())
            # all of the code, or the version of numba, with the table of what was compiled behind it
            for _ in range(2 if path.suffix == ".nbi" else 1):
                deque(pickletools.genops(file), maxlen=0)
        except OSError:
            continue
        except Exception:  # bytes that may be anything
            with contextlib.suppress(OSError):
                path.unlink()
