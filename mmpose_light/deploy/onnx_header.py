"""What an ONNX file says about itself, read without the package onnx.

An ONNX file is a message of protocol buffers: fields, each a number and a value. One
kind of them tells how a file is to be run, and the rest is stepped over. Their numbers
are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from ..utils.errors import UserError

# Fields of a model.
_GRAPH, _PROPERTIES = 7, 14
# Wire types.
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
# Which fields of a part hold which parts, on all the ways to a tensor.
_PARTS = {
    'model': {7: 'graph', 20: 'training', 25: 'function'},
    'training': {1: 'graph', 2: 'graph'},
    'function': {7: 'node', 11: 'attribute'},
    'graph': {1: 'node', 5: 'tensor', 15: 'sparse tensor'},
    'node': {5: 'attribute'},
    'attribute': {
        5: 'tensor',
        6: 'graph',
        10: 'tensor',
        11: 'graph',
        22: 'sparse tensor',
        23: 'sparse tensor',
    },
    'sparse tensor': {1: 'tensor', 2: 'tensor'},
}
_EXTERNAL = 13, 14  # fields of a tensor: where its data are, and that they are there


def read_properties(file: str | Path) -> dict[str, str]:
    """Read the metadata properties of an ONNX file.

    Raises:
        UserError: If it is no ONNX file, or only part of one.
    """
    with _complaint(file):
        fields = list(_read_fields(memoryview(Path(file).read_bytes())))
        (_,) = (value for number, value in fields if number == _GRAPH)
        properties = [
            dict(_read_fields(value))
            for number, value in fields
            if number == _PROPERTIES
        ]
        return {str(pair[1], 'utf-8'): str(pair[2], 'utf-8') for pair in properties}


def refuse_external_data(content: bytes, name: str | Path) -> None:
    """Complain about a graph that takes weights from other files.

    A graph from a stranger could name any file of this machine.

    Args:
        content (bytes): What an ONNX file holds.
        name (str | Path): Its name, for the message.

    Raises:
        UserError: If a tensor's data lie in another file, or it is no ONNX file.
    """
    parts, outside = [('model', memoryview(content))], False
    with _complaint(name):
        while parts:
            kind, message = parts.pop()
            inner = _PARTS.get(kind, {})
            for number, value in _read_fields(message):
                if number in inner:
                    parts.append((inner[number], value))
                outside |= kind == 'tensor' and number in _EXTERNAL and bool(value)
    if outside:
        raise UserError(
            f'{name} takes weights from other files (external data), which may be any '
            'of this machine: export the model to a single file'
        )


@contextlib.contextmanager
def _complaint(name: str | Path) -> Iterator[None]:
    """Turn what bytes that are no such messages raise into an error with a name."""
    try:
        yield
    except (ValueError, IndexError, KeyError, TypeError, StopIteration) as error:
        raise UserError(
            f'{name} cannot be read, it is truncated or no ONNX file: copy it again, or '
            'export the model again'
        ) from error


def _read_fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Give the number and the value of each field of a message."""
    position = 0
    while position < len(message):
        tag, position = _read_varint(message, position)
        number, wire = (tag & 0xFFFFFFFF) >> 3, tag & 7  # 32 bits, as readers do
        if wire == _VARINT:
            value, position = _read_varint(message, position)
            yield number, value
            continue
        if wire == _LENGTH:
            length, position = _read_varint(message, position)
        else:
            length = {_FIXED64: 8, _FIXED32: 4}[wire]
        if position + length > len(message):
            raise ValueError('the message ends too early')
        yield number, message[position : position + length]
        position += length


def _read_varint(message: memoryview, position: int) -> tuple[int, int]:
    """Read an integer of seven bits a byte; return the position behind it, too."""
    value = shift = 0
    while True:
        byte = message[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return value, position
        if shift > 63:
            raise ValueError('no integer has as many bytes')
