"""Python code that registers attentions (see `attention.py`) or networks. It runs here and in worker processes."""

from pathlib import Path

from mans_keras.errors import InputError
from mans_keras.models.attention import ATTENTIONS

EXTENSIONS: dict[str, str] = {}  # path -> source, see `load_extension`; `run.add_model` has no path


def load_extension(path: str | Path) -> list[str]:
    """Run a Python file that registers attentions with the decorator `attention`; returns their names.

    Worker processes of `runs.execute`, also those on a cluster, run the same source before they train. The file runs
    with all rights of the user. Raises `InputError` if it can't be read or run, or registers no attention.
    """
    try:
        source = Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InputError(f"{path} can't be read: {error}") from None
    run_extension(str(path), source)
    names = [name for name, kind in ATTENTIONS.items() if kind.__module__ == str(path)]
    if not names:
        raise InputError(f'{path} registers no attention: put @mans_keras.attention("name") above your class')
    EXTENSIONS[str(path)] = source
    return names


def run_extension(path: str, source: str) -> None:
    """Run the source of an extension as the module `path`; `InputError`, with its line, if that fails."""
    try:
        exec(compile(source, path, "exec"), {"__name__": path, "__file__": path})
    except Exception as error:
        lines, trace = [getattr(error, "lineno", None)], error.__traceback__
        while trace:
            if trace.tb_frame.f_code.co_filename == path:
                lines.append(trace.tb_lineno)
            trace = trace.tb_next
        line = lines[-1]
        place = f"{path}, line {line}" if line else path
        raise InputError(f"{place}: {type(error).__name__}: {error}") from None
