"""What the two papers claim, as differences between two networks of the study."""

from dataclasses import dataclass

from ..utils.errors import UserError
from .intervals import Draws, Interval, make_interval
from .people import PeopleResults


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
    """What the runs say on a claim: differences, better minus worse, from -1 to 1."""

    claim: Claim
    ap: Interval  # of AP
    pck: Interval  # of PCK


def judge_claims(
    people: dict[str, PeopleResults], draws: dict[str, Draws]
) -> list[Finding]:
    """Judge the claims of which both networks were evaluated.

    Args:
        people (dict[str, PeopleResults]): The people of each network, by its name.
        draws (dict[str, Draws]): Their draws, likewise.

    Raises:
        UserError: If two networks were evaluated on different people.
    """
    findings = []
    for claim in CLAIMS:
        if claim.better not in draws or claim.worse not in draws:
            continue
        first, second = people[claim.better], people[claim.worse]
        if first.image_ids.tolist() != second.image_ids.tolist():
            raise UserError(
                f'{claim.better} and {claim.worse} were evaluated on different people: '
                'evaluate both on the same data'
            )
        better, worse = draws[claim.better], draws[claim.worse]
        findings.append(
            Finding(
                claim,
                make_interval(better.ap - worse.ap),
                make_interval(better.pck - worse.pck),
            )
        )
    return findings


def describe_finding(finding: Finding) -> str:
    """Say in words what the interval of AP's difference tells."""
    if finding.ap.low > 0:
        return 'shows'
    if finding.ap.high < 0:
        return 'the reverse shows'
    return 'undecided'
