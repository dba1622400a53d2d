"""Freed memory is used again."""

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource
from mmpose_light.utils.memory import keep_freed_memory
{call}
for size in [1 << 26] * 10:  # 64 MiB, not known before it runs
    b'x' * size
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
"""


def count_faults(call, repo_dir):
    run = subprocess.run(
        [sys.executable, '-c', FAULTS.format(call=call)],
        capture_output=True,
        text=True,
        check=True,
        cwd=repo_dir,
    )
    return int(run.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='glibc has this to set')
def test_freed_memory_is_not_fetched_again(repo_dir):
    before = count_faults('', repo_dir)
    after = count_faults('keep_freed_memory()', repo_dir)
    assert after < before / 2
