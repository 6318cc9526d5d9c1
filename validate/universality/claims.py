"""What the paper states, what here counts as having seen it, and what was seen: one object a claim."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from simulate.universality.between_share import BetweenShare
from validate.claim import CONTRADICTED, PaperClaim
from validate.report import Report
from validate.tolerance import Reported

SEEN, UNDECIDED, TOO_FEW = "seen", "not decided at this size", "too few networks"
LEVEL = 0.01
"""Of tests for clusters: both the analysis of variance and the silhouette must be this unlikely by chance."""
MARGIN = 0.1
"""Groups among which less than this share of the variance of distances lies are taken for one (chosen beforehand)."""
CONFIDENCE = 0.95
"""Of each one-sided bound."""


class Clusters(PaperClaim):
    """That networks cluster."""

    def verdict(self, share: BetweenShare, *, apart: bool) -> str:
        """Of the share of variance between groups, and of the tests for clusters."""
        return SEEN if apart else CONTRADICTED if share.is_below(MARGIN) else UNDECIDED


class NoClusters(PaperClaim):
    """That networks do not cluster."""

    def verdict(self, share: BetweenShare, *, apart: bool) -> str:
        """Absence is shown by the upper bound, never by tests that find nothing."""
        return SEEN if share.is_below(MARGIN) else CONTRADICTED if apart else UNDECIDED


@dataclass(frozen=True)
class MeasuredClaim:
    """A number with its bounds, and the verdict on the claim; None where there were too few networks.

    Of claims about clusters: `p` is the larger of the two tests', `noise` the share of the mean squared distance that
    is sampling, which value and bounds are without. Where it is one or more there is no value.
    """

    claim: PaperClaim
    of: str
    value: float | None
    low: float | None
    high: float | None
    verdict: str
    p: float | None = None
    noise: float | None = None

    @property
    def told(self) -> str:
        """The verdict, with the number and its bounds where there are such."""
        if self.value is None:
            return self.verdict
        if self.low is None or self.high is None:
            return f"{self.verdict}: {self.value:.3g}"
        return f"{self.verdict}: {self.value:.3g} [{self.low:.3g}, {self.high:.3g}]"


_SHARE = "share of the variance of distances between groups"
_TESTS = f"p < {LEVEL} of PERMANOVA and of the silhouette, labels exchanged within penalties"
_ABSENT = f"{_SHARE}, without what sampling adds; its upper bound, {100 * CONFIDENCE:g} %, below {MARGIN}"
CLUSTERS = Clusters(
    "representations cluster",
    "The geometry of representations clusters by architecture and by activation function.",
    "section 3.1, Fig. 1d",
    f"{_SHARE}; {_TESTS}",
    figure="flip_flop_places",
)
GRAPHS_DO_NOT = NoClusters(
    "graphs of fixed points do not cluster",
    "All architectures converge to very similar solutions, as shown by the fixed point graph.",
    "section 3.1, Fig. 1f",
    f"{_ABSENT}; by edges alone, by the paper's distance (of networks with as many points as most), and by edges, "
    "readouts and unstable dimensions together",
    figure="flip_flop_places",
)
COUNTS = PaperClaim(
    "points of the flip-flop",
    "8 stable points and saddles with one, two and three unstable dimensions; other counts in less than 10 %.",
    "section 3.1, Fig. 1e and footnote 5",
    "fraction of networks with the ideal numbers of points, by Clopper and Pearson's 95 % interval, against 0.9; to be "
    "seen it takes all of 36 to 53 networks, all but one of 54 and more",
    figure="flip_flop_points",
)
UNTRAINED = PaperClaim(
    "untrained and trained networks are more alike than trained ones of two nonlinearities",
    "Trained and untrained ReLU networks are more similar to each other on average than to tanh networks; asked here "
    "of both nonlinearities.",
    "section 3.3, Fig. 4b",
    "SVCCA distance of trained networks to trained ones of another nonlinearity, less that to untrained ones of their "
    "own, without pairs of one start: its jackknife interval, 95 %, above 0",
    figure="flip_flop_untrained",
)
ONE_POINT = PaperClaim(
    "one point a command",
    "For each input frequency a single input-dependent fixed point.",
    "section 3.2, Fig. 2d",
    "fraction of networks with one point at every command, by Clopper and Pearson's 95 % interval, above one half",
    figure="sine_points",
)
MILDLY_UNSTABLE = PaperClaim(
    "one mildly unstable oscillation",
    "A mildly unstable oscillatory mode whose complex angle aligned well with the input frequency.",
    "section 3.2, Fig. 2f",
    "fraction of networks with one point at every command, which has two unstable dimensions: a complex pair that "
    "grows by less than a factor e while it turns by a radian; by Clopper and Pearson's 95 % interval, above one half",
    figure="sine_eigenvalues",
)
TURNS = PaperClaim(
    "the linearised network turns as commanded",
    "A mildly unstable oscillatory mode whose complex angle aligned well with the input frequency.",
    "section 3.2, Fig. 2f",
    "relative error of its frequency (one where nothing turns), mean over commands with one point, then over the "
    "networks of each kind: its interval, 95 %, below 0.25",
    figure="sine_frequencies",
)
COMMANDS_DO_NOT = NoClusters(
    "graphs of the points at commands do not cluster",
    "Topological structure of the input-dependent fixed points: nothing that varied by architecture or activation.",
    "section 3.2, Fig. 2e",
    f"an edge from each command's point to the nearest other one; {_ABSENT}",
    figure="sine_places",
)
LINE = PaperClaim(
    "a line attractor",
    "Fixed points show approximate line attractors for all architectures and nonlinearities.",
    "section 3.3, Fig. 3b",
    "fraction of networks that hold outputs in 8 of 10 parts from -5 to 5, by Clopper and Pearson's 95 % interval, "
    "above one half; held: without input and once settled for a trial's steps it changes by less than a part in as "
    "many more, at any of them; a line: at most a tenth of the variance of held states is within parts",
    figure="integration_points",
)
STILL = PaperClaim(
    "a line of points and minima of the speed",
    "The fixed points are shown on the line, those included that are very slow on the time scale of the task.",
    "section 2.3 and Fig. 3b",
    "fraction of networks with points or minima of the speed in 8 of 10 parts of the outputs from -5 to 5, as above; "
    "such from which the output changes by less than a part in a trial's steps; a line that drifts to one side has "
    "none",
    figure="integration_points",
)
LINES_DO_NOT = NoClusters(
    "graphs of lines do not cluster by cell",
    "The topology of the line attractors did not cluster strongly by architecture.",
    "section 3.3, Fig. 3d",
    f"of networks that have a line, an edge from each held output's state to the nearest other one; {_ABSENT}",
    figure="integration_places",
)
LINES_DO = Clusters(
    "graphs of lines cluster by nonlinearity",
    "The topology of the line attractors did cluster based on activation.",
    "section 3.3, Fig. 3d",
    f"the same graphs; {_SHARE}; {_TESTS}",
    figure="integration_places",
)
MODES = PaperClaim(
    "vanilla networks integrate by a single mode",
    "The vanilla network uses a single mode to perform the integration, gated ones a larger number.",
    "section 3.3, Fig. 3f",
    "modes whose response to an input is within 10 % of that of all: mean over networks, its interval below 2",
    figure="integration_modes",
)
MORE_MODES = PaperClaim(
    "gated networks integrate by more modes than vanilla ones",
    "The vanilla network uses a single mode to perform the integration, gated ones a larger number.",
    "section 3.3, Fig. 3f",
    "modes whose response is within 10 % of that of all: mean of a gated kind less that of vanilla networks of its "
    "nonlinearity, Welch's interval, 95 %, above 0",
    figure="integration_modes",
)
NEAR_ONE = PaperClaim(
    "gated networks have more eigenvalues near one than vanilla ones",
    "The gated architectures had many more eigenvalues near 1.",
    "section 3.3, Fig. 3e",
    "eigenvalues at states that hold an output, on a line or not, that change an amplitude by at most a factor e in a "
    "trial's steps (the log of their modulus is within 1 / steps): mean of a gated kind less that of vanilla networks "
    "of its nonlinearity, Welch's interval, 95 %, above 0",
    figure="integration_modes",
)
SELECTION = PaperClaim(
    "the stream that is not cued is ignored",
    "The input comes in on the associated left eigenvector; the other is ignored.",
    "section 3.3, after Mante et al. (2013)",
    "linear response to the other stream over that to the cued one, absolute values averaged over states that hold an "
    "output: mean over networks, its interval below 1/2",
)
_BESIDE = Reported("the paper's claim; a population of this size need not decide it")


def report_claims(name: str, measured: Sequence[MeasuredClaim], report: Report) -> None:
    """Each as a row of the table, and in full among the quantities."""
    for each in measured:
        report.check(
            f"{name}: {each.claim.name}, {each.of}",
            predicted=SEEN,
            measured=each.told,
            tolerance=_BESIDE,
            claim=each.claim,
        )
    report.quantity(f"{name}: claims", [asdict(each) for each in measured])
