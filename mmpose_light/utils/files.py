"""Writing a file whole or not at all."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Give a file to write, which takes its place once it is whole.

    Args:
        path (str | Path): Where the file belongs; one that is there is replaced. Its
            folder is made.

    Yields:
        Path: The file to write, beside it; gone after an error.

    Example:
        >>> import tempfile
        >>> with whole_file(Path(tempfile.mkdtemp(), 'a', 'b.txt')) as part:
        ...     _ = part.write_text('whole')
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f'.{path.name}.{os.getpid()}.part')
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
