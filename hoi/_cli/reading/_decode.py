"""The text of a file or of standard input: gzip, byte order marks and encodings."""

from __future__ import annotations

import codecs
import gzip
import sys
import zlib
from pathlib import Path

from hoi._errors import HoiError

__all__ = ["read_text_of", "refuse_pointer"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# what begins files that are no text, whatever their name says
_BINARY = {
    b"PK\x03\x04": "a zip archive (an Excel workbook?); save its sheet as csv",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save its sheet as csv",
    b"PAR1": "a parquet file; give it the suffix .parquet",
    b"\x93NUMPY": "an array of numpy; give it the suffix .npy",
    b"MATLAB 5.0": "a MATLAB file; give it the suffix .mat",
    b"\x89HDF": "an HDF5 file; write its table as csv, npy or parquet",
    b"%PDF": "a PDF",
}


def read_text_of(path: str, encoding: str) -> tuple[str, str]:
    """The text of a file, "-" for standard input, and its encoding; the same for both, byte order mark or not."""
    name = "standard input" if path == "-" else path
    raw = _bytes(path)
    if raw.startswith(b"\x1f\x8b"):
        try:
            raw = gzip.decompress(raw)
        except (EOFError, OSError, zlib.error) as error:
            raise HoiError(f"cannot read {name!r}: damaged or cut off gzip ({error}); get the file anew") from error
    refuse_pointer(raw, name)
    for start, what in _BINARY.items():
        if raw.startswith(start):
            raise HoiError(f"cannot read {name!r}: it is {what}")
    if encoding == "auto":
        encoding = next((known for mark, known in _MARKS if raw.startswith(mark)), "utf-8")
    try:
        text = raw.decode(encoding)
    except LookupError:
        raise HoiError(
            f"--encoding {encoding}: there is no such encoding; use one like utf-8, cp1252, latin-1 or utf-16"
        ) from None
    except UnicodeError as error:
        raise _not_text(raw, name, encoding) from error
    if "\0" in text:
        raise HoiError(f"cannot read {name!r}: it holds zero bytes, so it is binary or UTF-16; try --encoding utf-16")
    return text.removeprefix("\ufeff"), encoding.removesuffix("-sig")


def refuse_pointer(raw: bytes, name: str) -> None:
    """Error where git keeps a note in place of the file."""
    if raw.startswith(b"version https://git-lfs."):
        raise HoiError(f"cannot read {name!r}: it is a pointer of git-lfs and not the file; fetch it by git lfs pull")


def _bytes(path: str) -> bytes:
    if path != "-":
        return Path(path).read_bytes()
    if sys.stdin is None:
        raise HoiError("cannot read standard input: it is closed; pipe a table into hoi, or name a file")
    try:
        return sys.stdin.buffer.read()
    except (OSError, ValueError) as error:
        raise HoiError(f"cannot read standard input: {error}; pipe a table into hoi, or name a file") from error


def _not_text(raw: bytes, name: str, encoding: str) -> HoiError:
    """An error that shows how the first odd line reads in the encodings most likely."""
    if b"\0" in raw[:4096]:
        return HoiError(f"cannot read {name!r}: it is binary, not text")
    if encoding != "utf-8":
        return HoiError(f"cannot read {name!r}: its text is not {encoding}; name another one with --encoding")
    for number, line in enumerate(raw.split(b"\n"), 1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            near = line[max(0, error.start - 20) : error.start + 20].strip()
            shown = [f"{near.decode(e, 'replace')!r} in {e}" for e in ("cp1252", "cp1251", "mac-roman")]
            return HoiError(
                f"cannot read {name!r}: its text is not UTF-8. Line {number} has {', '.join(shown)}: say which with "
                "--encoding, or save it as 'CSV UTF-8'"
            )
    return HoiError(f"cannot read {name!r}: its text is not UTF-8; name its encoding with --encoding")
