"""What the two papers claim, as differences between two networks of the study."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .intervals import Interval, make_interval
from .record import final_results, is_comparable


@dataclass(frozen=True)
class Claim:
    """One network is said to be better than another.

    Attributes:
        text (str): What is said to help, and over what.
        better (str): The network that has it.
        worse (str): The network that it is compared with.
    """

    text: str
    better: str
    worse: str


CLAIMS = (
    Claim('CBAM over none, in EL-HRNet', 'el-hrnet-w32', 'l-hrnet-w32'),
    Claim('EL-HRNet-W32 over Lite-HRNet-18', 'el-hrnet-w32', 'lite-hrnet-18'),
    Claim('EL-HRNet-W32 over Lite-HRNet-30', 'el-hrnet-w32', 'lite-hrnet-30'),
    Claim('EEffNet over EffNet', 'eeffpose-p0-100', 'effbase'),
    Claim('TFNeck over BiFPN', 'eeffpose-p0-010', 'effbase'),
    Claim('FAHead over the sum head', 'eeffpose-p0-001', 'effbase'),
    Claim('all three over EffBase', 'eeffpose-p0', 'effbase'),
    Claim('EEffPose-P0 over HRNet-W32', 'eeffpose-p0', 'hrnet-w32'),
)


@dataclass(frozen=True)
class Finding:
    """What two runs say on a claim.

    Attributes:
        claim (Claim): The claim.
        differences (dict[str, float]): AP and PCK, better minus worse, -1 to 1.
        intervals (dict[str, Interval]): How sure each difference is.
    """

    claim: Claim
    differences: dict[str, float]
    intervals: dict[str, Interval]

    @property
    def verdict(self) -> str:
        """str: What the interval of AP's difference tells."""
        interval = self.intervals['AP']
        if interval.low > 0:
            return 'supported'
        return 'contradicted' if interval.high < 0 else 'undecided'


def judge_claims(
    records: Sequence[dict[str, Any]], resampled: Mapping[str, dict[str, np.ndarray]]
) -> list[Finding]:
    """Judge the claims whose two networks were trained and evaluated alike.

    Args:
        records (Sequence[dict]): The records of the runs.
        resampled (Mapping[str, dict[str, np.ndarray]]): AP and PCK on resamples of the
            people, of the networks that were evaluated person by person, by name.
    """
    runs = {record['network']: record for record in records}
    findings = []
    for claim in CLAIMS:
        pair = claim.better, claim.worse
        if not all(name in resampled for name in pair):
            continue
        better, worse = (runs[name] for name in pair)
        if not is_comparable(better, worse):
            continue
        results = final_results(better), final_results(worse)
        figures = [resampled[name] for name in pair]
        findings.append(
            Finding(
                claim,
                {key: results[0][key] - results[1][key] for key in figures[0]},
                {
                    key: make_interval(figures[0][key] - figures[1][key])
                    for key in figures[0]
                },
            )
        )
    return findings
