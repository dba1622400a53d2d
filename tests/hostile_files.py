"""Hostile files for fuzz_files.py: sound ones that are spoilt, and some made to do harm."""

import io
import json
import os
import pickle
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from PIL import Image

from mmpose_light.deploy.metadata import Metadata

SIDE, POINTS = 32, 3


def make_graph() -> onnx.ModelProto:
    """Make an exported file: a convolution from an image to heatmaps."""
    value, rng = helper.make_tensor_value_info, np.random.default_rng(0)
    weights = rng.standard_normal((POINTS, 3, 1, 1)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node('Conv', ['input', 'weights'], ['heatmaps'])],
        'small',
        [value('input', TensorProto.FLOAT, ['batch', 3, SIDE, SIDE])],
        [value('heatmaps', TensorProto.FLOAT, ['batch', POINTS, SIDE, SIDE])],
        [onnx.numpy_helper.from_array(weights, 'weights')],
    )
    made = helper.make_model(
        graph, opset_imports=[helper.make_opsetid('', 13)], ir_version=8
    )
    size = (SIDE, SIDE)
    Metadata(
        'small',
        input_size=size,
        channels='rgb',
        preprocess=False,
        mean=[127.0] * 3,
        std=[50.0] * 3,
        output='heatmap',
        codec=dict(type='MSRAHeatmap', input_size=size, heatmap_size=size, sigma=1),
        box_padding=1.25,
        use_udp=False,
        precision='fp32',
        dataset='three',
        keypoint_names=['a', 'b', 'c'],
        flip_pairs=[[0, 1]],
        skeleton_links=[[0, 1], [1, 2]],
        keypoint_colors=[[255, 0, 0]] * POINTS,
        skeleton_link_colors=[[0, 255, 0]] * 2,
    ).write(made)
    return made


def make_network() -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8))


def save(write: Callable, given: Any, **options) -> bytes:
    """Return what something writes into a file."""
    write(given, file := io.BytesIO(), **options)
    return file.getvalue()


def make_image(suffix: str) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    return encode(pixels, suffix)


def encode(pixels: np.ndarray, suffix: str) -> bytes:
    Image.fromarray(pixels).save(file := io.BytesIO(), format=suffix)
    return file.getvalue()


def spoil(content: bytes, rng: random.Random) -> bytes:
    """Flip some bytes, cut, leave out, repeat, or take nothing but chance."""
    kind = rng.choice(['flip', 'flip', 'flip', 'cut', 'gap', 'twice', 'chance'])
    start, end = sorted(rng.sample(range(len(content)), 2))
    if kind == 'flip':
        spoilt = bytearray(content)
        for _ in range(rng.choice([1, 1, 4, 64])):
            value = rng.choice([rng.randrange(256), rng.choice(content)])
            spoilt[rng.randrange(len(spoilt))] = value
        return bytes(spoilt)
    return {
        'cut': content[:end],
        'gap': content[:start] + content[end:],
        'twice': content[:end] + content[start:],
        'chance': rng.randbytes(end),
    }[kind]


# --- what is made to do harm; each takes chance and gives a file's content


class _Command:
    def __init__(self, rng: random.Random) -> None:
        self.line = f'touch hurt{rng.randrange(99)}'

    def __reduce__(self) -> tuple:
        return os.system, (self.line,)


def bomb_checkpoint(rng: random.Random) -> bytes:
    zeros = torch.zeros(rng.choice([1, 200]) << 20)
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(save(torch.save, dict(a=zeros)))) as whole,
        zipfile.ZipFile(file, 'w', zipfile.ZIP_DEFLATED, compresslevel=1) as small,
    ):
        for part in whole.infolist():
            small.writestr(part.filename, whole.read(part))
    return file.getvalue()


def run_code(rng: random.Random) -> bytes:
    content = dict(state_dict={'0.bias': torch.zeros(8)}, meta=_Command(rng))
    return rng.choice([pickle.dumps(content), save(torch.save, content)])


def odd_weights(rng: random.Random) -> bytes:
    state = make_network().state_dict()
    key = rng.choice(list(state))
    state[key] = rng.choice(
        [torch.zeros(0), torch.zeros(1).expand(10**12), torch.zeros(3, 3).to_sparse()]
    )
    return save(torch.save, state)


def outside_data(rng: random.Random) -> bytes:
    graph = make_graph()
    tensor = graph.graph.initializer[0]
    if rng.random() < 0.5:  # hidden in a node
        node = helper.make_node('Constant', [], ['weights'], value=tensor)
        graph.graph.node.insert(0, node)
        del graph.graph.initializer[:]
        tensor = graph.graph.node[0].attribute[0].t
    tensor.ClearField('raw_data')
    place = rng.choice(['../secret', '/etc/passwd', 'weights.bin', 'a/../../secret'])
    for key, value in (('location', place), ('offset', '0'), ('length', '36')):
        tensor.external_data.add(key=key, value=value)
    tensor.data_location = TensorProto.EXTERNAL
    return graph.SerializeToString()


def absurd_shape(rng: random.Random) -> bytes:
    graph = make_graph()
    size = rng.choice([0, -1, 10**6, 2**40, 2**62])
    dimensions = [
        graph.graph.input[0].type.tensor_type.shape.dim[rng.randrange(4)],
        graph.graph.output[0].type.tensor_type.shape.dim[rng.randrange(4)],
    ]
    if rng.random() < 0.5:
        rng.choice(dimensions).dim_value = size
    else:
        graph.graph.initializer[0].dims[rng.randrange(4)] = size
    return graph.SerializeToString()


def large_constant(rng: random.Random) -> bytes:
    graph = make_graph()
    shape = helper.make_tensor(
        's', TensorProto.INT64, [1], [rng.choice([10**10, 2**62])]
    )
    graph.graph.node.extend(
        [
            helper.make_node('Constant', [], ['s'], value=shape),
            helper.make_node('ConstantOfShape', ['s'], ['large']),
        ]
    )
    graph.graph.output[0].name = 'large'
    return graph.SerializeToString()


def odd_metadata(rng: random.Random) -> bytes:
    graph = make_graph()
    pair = rng.choice(graph.metadata_props)
    if rng.random() < 0.5:
        pair = next(p for p in graph.metadata_props if p.key == 'codec')
    pair.value = rng.choice(
        [
            'null',
            '[]',
            '[1e999, NaN]',
            '-1',
            '[1000000, 1000000]',
            '[[7, 99]]',
            '[' * 100_000,
            '{"type": "os.system", "command": "touch hurt"}',
            '{"type": "subprocess.Popen", "args": ["touch", "hurt"]}',
            '{"type": "MSRAHeatmap", "input_size": [32, 32], "heatmap_size": [0, 0]}',
            '{"type": "UDPHeatmap", "input_size": [9, 9], "heatmap_size": [1, 1]}',
            '{"type": "SimCCLabel", "simcc_split_ratio": "a"}',
            '{"type": ["x"]}',
        ]
    )
    return graph.SerializeToString()


def lying_header(rng: random.Random) -> bytes:
    """Make an image of many pixels a side, by its header alone."""
    side = rng.choice([10**6, 2**31 - 1, 60_000, 30_000])
    png = b'\x89PNG\r\n\x1a\n' + _chunk(
        b'IHDR', struct.pack('>IIBBBBB', side, side, 8, 2, 0, 0, 0)
    )
    tags = (256, side), (257, side), (258, 8), (259, 1), (262, 1), (273, 8), (279, side)
    tiff = struct.pack('<2sHIH', b'II', 42, 8, len(tags))
    tiff += b''.join(struct.pack('<HHII', tag, 4, 1, value) for tag, value in tags)
    gif = bytearray(encode(np.zeros((4, 4, 3), np.uint8), 'GIF'))
    gif[6:10] = b'\xff' * 4
    bmp = bytearray(encode(np.zeros((4, 4, 3), np.uint8), 'BMP'))
    bmp[18:26] = struct.pack('<ii', side, side)
    hdr = f'#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y {side} +X {side}\n'.encode()
    contents = (
        png + _chunk(b'IDAT', zlib.compress(bytes(9999))) + _chunk(b'IEND', b''),
        tiff + bytes(4),
        bytes(gif),
        bytes(bmp),
        f'P6 {side} {side} 255\n'.encode() + bytes(999),
        hdr + bytes(999),
    )
    return rng.choice(contents)


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack('>I', zlib.crc32(kind + content))
    return struct.pack('>I', len(content)) + kind + content + check


def bomb_image(rng: random.Random) -> bytes:
    """Make an image that is what its header says, of very few bytes."""
    side = rng.choice([12_000, 30_000, 60_000])
    if rng.random() < 0.3:
        image = Image.new('1', (side, side))
        image.save(file := io.BytesIO(), 'TIFF', compression='group4')
        return file.getvalue()
    packer = zlib.compressobj(1)
    rows = b''.join(packer.compress(bytes(side // 8 + 2)) for _ in range(side))
    header = struct.pack('>IIBBBBB', side, side, 1, 0, 0, 0, 0)
    return (
        b'\x89PNG\r\n\x1a\n'
        + _chunk(b'IHDR', header)
        + _chunk(b'IDAT', rows + packer.flush())
        + _chunk(b'IEND', b'')
    )


def make_json() -> list[bytes]:
    """Make annotations, and detected boxes of the same image."""
    image = dict(id=1, file_name='good.png', width=50, height=40)
    box = dict(image_id=1, category_id=1, bbox=[1, 2, 30, 30], score=0.9)
    kind = dict(id=1, name='person')
    annotations = dict(images=[image], annotations=[dict(box, id=1)], categories=[kind])
    return [json.dumps(annotations).encode(), json.dumps([box]).encode()]


def deep_json(rng: random.Random) -> bytes:
    depth = rng.choice([10**3, 10**5, 10**8])
    return rng.choice([b'[', b'{"images":'] if depth < 10**8 else [b'[']) * depth


def odd_json(rng: random.Random) -> bytes:
    """Put something else in the place of one value."""
    content = json.loads(rng.choice(make_json()))
    entries = content
    if isinstance(content, dict):
        entries = [content, *(given[0] for given in content.values())]
    place = rng.choice(entries)
    place[rng.choice(list(place))] = rng.choice(
        [None, 'x', -1, 1e308, float('nan'), [], [None], {}, 2**70, [1, 2], ['a'] * 4]
    )
    return json.dumps(content).encode()
