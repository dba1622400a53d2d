"""Give the package hostile files: checkpoints, ONNX files, json and images.

    python tests/fuzz_files.py --seed 0 --count 200

Each file is opened as a user would, in a process of its own that may take 10 seconds of
processor time and 2 GB more than before. It has to end with a result or with an error
that says what is wrong, and to write nothing outside the output folder, nor start a
program. What came of the files of each kind is printed; anything else is an error.
"""

import argparse
import multiprocessing
import os
import random
import resource
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import mmpose.codecs  # noqa: F401  (once, and not for each file)
import torch
from hostile_files import (
    absurd_shape,
    bomb_checkpoint,
    bomb_image,
    deep_json,
    large_constant,
    lying_header,
    make_graph,
    make_image,
    make_json,
    make_network,
    odd_json,
    odd_metadata,
    odd_weights,
    outside_data,
    run_code,
    save,
    spoil,
)

from mmpose_light.apis import infer
from mmpose_light.checkpoints.loading import load_fitting
from mmpose_light.utils.checkpoint import read_checkpoint
from mmpose_light.utils.errors import UserError

SECONDS, BYTES = 10, 2 << 30
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
PROGRAMS = 'subprocess.Popen', 'os.system', 'os.exec', 'os.posix_spawn', 'os.fork'


def open_checkpoint(path: Path, sound: Path, out: Path) -> None:
    load_fitting(make_network(), read_checkpoint(path), path)


def open_onnx(path: Path, sound: Path, out: Path) -> None:
    runtime = ('onnxruntime', 'openvino')[path.stat().st_size % 2]
    _infer(path, sound / 'good.png', out, runtime=runtime)


def open_json(path: Path, sound: Path, out: Path) -> None:
    is_list = path.read_bytes()[:1] == b'['
    boxes = dict(boxes=path, ann_file=sound / 'good.json')
    options = boxes if is_list else dict(ann_file=path)
    _infer(sound / 'good.onnx', sound / 'good.png', out, **options)


def open_image(path: Path, sound: Path, out: Path) -> None:
    _infer(sound / 'good.onnx', path, out)


def _infer(model: Path, image: Path, out: Path, **options) -> None:
    done = infer(model, image, out, threads=1, **options)
    for told in done.skipped.values():
        raise UserError(told)


GRAPH, NETWORK = make_graph().SerializeToString(), make_network().state_dict()
#: How a kind is opened, its suffix, what is spoilt of it, what is made to do harm.
KINDS = {
    'checkpoint': (
        open_checkpoint,
        '.pth',
        [
            save(torch.save, NETWORK),
            save(torch.save, NETWORK, _use_new_zipfile_serialization=False),
        ],
        [bomb_checkpoint, run_code, odd_weights],
    ),
    'ONNX': (
        open_onnx,
        '.onnx',
        [GRAPH],
        [outside_data, absurd_shape, large_constant, odd_metadata, odd_metadata],
    ),
    'json': (open_json, '.json', make_json(), [deep_json, odd_json, odd_json]),
    'image': (
        open_image,
        '.png',
        [make_image(f) for f in ('PNG', 'JPEG', 'GIF', 'TIFF', 'WEBP', 'BMP', 'ICO')],
        [lying_header, lying_header, bomb_image],
    ),
}


#: What takes seconds to make or to open.
HEAVY = bomb_checkpoint, large_constant, bomb_image


def make_files(
    count: int, seed: int, leave_out: Sequence[Callable] = ()
) -> Iterator[tuple[str, str, bytes]]:
    """Give kind, name and content of files, half of them spoilt, half made."""
    rng = random.Random(seed)
    for index in range(count):
        kind = list(KINDS)[index % len(KINDS)]
        _, suffix, sound, harmful = KINDS[kind]
        harmful = [make for make in harmful if make not in leave_out]
        how = rng.choice([spoil, rng.choice(harmful)])
        given = (rng.choice(sound), rng) if how is spoil else (rng,)
        yield kind, f'{how.__name__}{index}{suffix}', how(*given)


def open_file(kind: str, path: Path, sound: Path, out: Path) -> str:
    """Open a file; return what came of it, and raise what should not come of it."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        try:
            KINDS[kind][0](path, sound, out)
        except UserError as error:
            assert str(error).strip(), 'an error without a message'
            return f'error: {error}'
    return 'result'


def list_files(folder: Path) -> dict[str, int]:
    """Return what lies in a folder, and when it was written."""
    return {str(p): p.stat().st_mtime_ns for p in folder.rglob('*') if p.is_file()}


def write_sound(folder: Path) -> Path:
    """Write what hostile files are run with."""
    folder.mkdir()
    (folder / 'good.onnx').write_bytes(GRAPH)
    (folder / 'good.png').write_bytes(make_image('PNG'))
    (folder / 'good.json').write_bytes(make_json()[0])
    return folder


def _watch(out: Path) -> list[str]:
    """Make a list that takes programs, and files opened to write outside a folder."""
    heard = []

    def hear(event: str, given: tuple) -> None:
        if event in PROGRAMS:
            heard.append(f'{event} {given}')
        if event == 'open' and isinstance(given[0], str) and given[2] & WRITING:
            path = os.path.abspath(given[0])
            if not path.startswith((f'{out}{os.sep}', '/dev/')):
                heard.append(f'{path} was written')

    sys.addaudithook(hear)
    return heard


def _work(kind: str, path: Path, sound: Path, out: Path, pipe) -> None:
    """Open a file within limits, and send what came of it."""
    os.chdir(path.parent)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    pages = int(Path('/proc/self/statm').read_text().split()[0])
    most = pages * resource.getpagesize() + BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    heard = _watch(out)
    try:
        told = open_file(kind, path, sound, out)
    except BaseException as error:
        told = f'FAULT: {type(error).__name__}: {str(error)[:500]}'
    if heard:
        told = f'FAULT: {heard}'
    used = resource.getrusage(resource.RUSAGE_SELF)
    pipe.send((told, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e6))


def judge(kind: str, path: Path, sound: Path, out: Path) -> tuple[str, float, float]:
    """Return what came of a file, in how many seconds and GB."""
    context = multiprocessing.get_context('fork')
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(kind, path, sound, out, sending))
    process.start()
    sending.close()
    try:
        given = receiving.recv() if receiving.poll(6 * SECONDS) else None
    except EOFError:
        given = None
    process.join(1)
    process.kill()
    process.join()
    return given or (f'FAULT: it ended with code {process.exitcode}', SECONDS, 0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--count', type=int, default=200)
    parser.add_argument('--verbose', action='store_true', help='print each file')
    options = parser.parse_args()
    counts, most, faults = Counter(), Counter(), []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        sound = write_sound(folder / 'sound')
        (folder / 'given').mkdir()
        (folder / 'secret').write_bytes(bytes(36))
        for kind, file, content in make_files(options.count, options.seed):
            path, out = folder / 'given' / file, folder / 'out' / file
            path.write_bytes(content)
            before = list_files(folder)
            told, seconds, size = judge(kind, path, sound, out)
            if size > BYTES / 1e9:
                told = f'FAULT: it took {size:.2f} GB'
            after = list_files(folder)
            strange = [p for p in after.keys() - before.keys() if str(out) not in p]
            if strange or {p: after.get(p) for p in before} != before:
                told = f'FAULT: files were written or changed {strange}'
            if options.verbose:
                print(f'{file}: {told} ({seconds:.1f} s, {size:.2f} GB)', flush=True)
            counts[kind, told.partition(':')[0]] += 1
            most[kind, 's'] = max(most[kind, 's'], seconds)
            most[kind, 'GB'] = max(most[kind, 'GB'], size)
            if told.startswith('FAULT'):
                faults.append(f'{file}: {told}')
                print(faults[-1], flush=True)
            path.unlink()
    print('kind        results  errors  faults  most seconds  most GB')
    for kind in KINDS:
        found = [counts[kind, end] for end in ('result', 'error', 'FAULT')]
        print(
            f'{kind:<10}{found[0]:>9}{found[1]:>8}{found[2]:>8}'
            f'{most[kind, "s"]:>14.1f}{most[kind, "GB"]:>9.2f}'
        )
    if faults:
        sys.exit(1)


if __name__ == '__main__':
    main()
