"""How many threads are used: those asked for, else no more than cores are free."""

import os

import pytest
import torch

from mmpose_light.utils import threads


@pytest.fixture(autouse=True)
def four_cores(monkeypatch):
    """Four of eight cores, all of which PyTorch would take."""
    monkeypatch.setattr(os, 'sched_getaffinity', lambda _: range(4), raising=False)
    monkeypatch.setattr(os, 'cpu_count', lambda: 8)
    threads.count_free_cores.cache_clear()
    for name in ('OMP_NUM_THREADS', 'MKL_NUM_THREADS'):
        monkeypatch.delenv(name, raising=False)
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)
    threads.count_free_cores.cache_clear()


@pytest.mark.parametrize(
    ('load', 'free'), [(0.0, 4), (4.4, 4), (4.6, 3), (6.1, 2), (7.0, 1), (99.0, 1)]
)
def test_other_work_gets_its_cores(monkeypatch, load, free):
    monkeypatch.setattr(os, 'getloadavg', lambda: (load, 50.0, 50.0), raising=False)
    assert threads.count_free_cores() == free
    threads.set_torch_threads()
    assert torch.get_num_threads() == free


def test_its_own_load_is_not_other_work(monkeypatch):
    for load in (0.0, 8.0):
        monkeypatch.setattr(os, 'getloadavg', lambda load=load: (load,) * 3)
        threads.set_torch_threads()
    assert torch.get_num_threads() == 4


def test_pytorch_may_take_fewer(monkeypatch):
    monkeypatch.setattr(os, 'getloadavg', lambda: (0.0,) * 3, raising=False)
    torch.set_num_threads(2)
    threads.set_torch_threads()
    assert torch.get_num_threads() == 2


def test_who_says_how_many_gets_them(monkeypatch):
    monkeypatch.setattr(os, 'getloadavg', lambda: (99.0,) * 3, raising=False)
    monkeypatch.setenv('OMP_NUM_THREADS', '4')
    threads.set_torch_threads()
    assert torch.get_num_threads() == 4
    threads.set_torch_threads(3)
    assert torch.get_num_threads() == 3
