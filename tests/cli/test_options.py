"""Options made of a dataclass's fields."""

import argparse
from dataclasses import dataclass, fields

import pytest

from mmpose_light.cli.options import add_options
from mmpose_light.utils.options import option


@dataclass
class Made:
    sizes: tuple[int, ...] = option((1, 8), 'how large', metavar='N')
    pair: tuple[int, int] | None = option(None, 'two of them')
    rate: float = option(0.5, 'how fast', option='speed')
    kind: str = option('a', 'which', choices=('a', 'b'))
    loud: bool = option(False, 'make noise')
    tidy: bool = option(True, 'tidy up', off='leave it')
    ends: bool = option(True, 'keep the ends', off='cut them', option='cut_ends')
    half: bool | None = option(None, 'by half')


@pytest.fixture
def parser():
    parser = argparse.ArgumentParser(argument_default=argparse.SUPPRESS)
    add_options(parser, Made, *(field.name for field in fields(Made)))
    return parser


def test_values_have_the_fields_types(parser):
    line = '--sizes 2 3 --pair 4 5 --speed 2 --kind b --loud --no-tidy --cut-ends'
    assert vars(parser.parse_args(line.split())) == dict(
        sizes=[2, 3], pair=[4, 5], rate=2.0, kind='b', loud=True, tidy=False, ends=False
    )
    assert vars(parser.parse_args([])) == {}
    assert [parser.parse_args([f'--{x}half']).half for x in ('', 'no-')] == [
        True,
        False,
    ]


@pytest.mark.parametrize('line', ['--pair 1', '--sizes one', '--kind c', '--tidy'])
def test_other_values_are_refused(parser, line):
    with pytest.raises(SystemExit):
        parser.parse_args(line.split())


def test_help_tells_the_defaults(parser):
    text = parser.format_help()
    assert 'how large (default: 1 8)' in text
    assert 'how fast (default: 0.5)' in text
    assert 'two of them\n' in text
    assert '--no-tidy' in text and 'leave it' in text and 'tidy up' not in text
