"""What Dinc et al. state, what here counts as having seen it, and what holds."""

from validate.claim import CONTRADICTED, HOLDS, ComparedClaim, CountedClaim, SettledClaim

CLOSED_FORMS = SettledClaim(
    "closed forms of the toy model",
    "Loss, optimum, point of no return and critical learning rate of the toy model are known in closed form.",
    "Fig. 2A",
    "a solver of the differential equation and quadrature give the same, to their own errors",
    figure="fig_2a",
    settled=HOLDS,
    holds_instead="So it is, below the optimum and above it; the critical rate is met from both sides.",
)
PLATEAU = SettledClaim(
    "plateau before the drop",
    "Training stays on a plateau for some 1500 epochs, and then learns abruptly.",
    "Fig. 2B",
    "the epochs of gradient descent until the drop are those of a formula, to whole epochs",
    figure="fig_2b",
    settled=HOLDS,
    holds_instead="So it does, and the length has a formula that holds at every rate.",
)
NO_LEARNING = SettledClaim(
    "every training past the critical rate gets stuck",
    "At any learning rate from the critical one on, training eventually enters the no-learning zone.",
    "text to Fig. 2C and 2D",
    "all of many starts end stuck at every rate above the critical one",
    figure="captured_fraction",
    settled=CONTRADICTED,
    holds_instead="Up to 1.029 of the critical rate (a_fail) the start decides: some are captured, others oscillate "
    "for ever. At or below the critical rate none is captured, above a_fail almost all are; both are proved.",
)
ERROR_FLOOR = SettledClaim(
    "error floor",
    "Learning ends in a minimum about which the loss oscillates, higher at larger rates.",
    "Fig. 2D",
    "the loss after training is the mean over an attracting cycle, with no free parameter",
    figure="fig_2d",
    settled=HOLDS,
    holds_instead="So it does, and the cycles are known: the search for them is certified to be complete.",
)
WITHOUT_BIFURCATION = SettledClaim(
    "abrupt learning without a bifurcation",
    "Networks learn abruptly although no bifurcation takes place.",
    "Fig. 3A",
    "one fixed point at every snapshot of networks that learn at a low rate, by certified counts",
    figure="fig_3a",
    settled=HOLDS,
    holds_instead="So they do at a low rate: one fixed point throughout.",
)
GHOSTS_FIRST = CountedClaim(
    "ghosts precede abrupt learning",
    "Ghost points appear before a network learns abruptly.",
    "Fig. 3A",
    "a ghost in a snapshot before the network first solves the task, in every network that learns at a low rate",
    figure="fig_3a",
)
BEHIND_FIXED_POINTS = SettledClaim(
    "stuck behind fixed points",
    "At a high rate networks fall into a no-learning zone behind a saddle-node bifurcation.",
    "Fig. 3B",
    "a network that learned and is stuck has two fixed points more than before, by certified counts",
    figure="fig_3b",
    settled=HOLDS,
    holds_instead="So they do, and the rate at which a network crosses is foretold a step ahead.",
)
STUCK_COUNTS = ComparedClaim(
    "learned and stuck of 100 networks",
    "Of 100 networks trained at a high rate, 74 learned at some time, and 54 ended stuck.",
    "Fig. 4",
    "the paper's fractions lie within the binomial intervals, 95 %, of those measured here",
    figure="fig_4",
    beside="Training at this rate is chaotic, so counts differ. Stuck in the paper's sense are two kinds: "
    "networks lost behind a saddle-node, and networks that have not learned yet.",
)
RESCUE = SettledClaim(
    "lower confidence rescues",
    "Lowering the confidence of the output lets stuck networks recover from the no-learning zone.",
    "Fig. 4",
    "the gradient in the zone points to learning down to a value in closed form; stuck networks recover",
    figure="fig_4",
    settled=HOLDS,
    holds_instead="So it does, with a limit: below a value of r, known in closed form, descent goes deeper.",
)
