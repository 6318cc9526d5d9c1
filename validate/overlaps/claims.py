"""What Ger and Barak state, what here counts as having seen it, and what holds."""

from validate.claim import CONTRADICTED, HOLDS, IN_PART, SettledClaim

LINEAR_CLOSED = SettledClaim(
    "linear networks learn in their overlaps",
    "For linear networks learning by gradient descent is closed in the overlaps: exact, at every size.",
    "abstract",
    "overlaps and loss of trained networks of 3 to 100 neurons are those of a map of the overlaps, to rounding",
    figure="linear_learning",
    settled=HOLDS,
    holds_instead="So it is, with momentum, weight decay and frozen blocks too. The visible overlaps alone do not do.",
)
NONLINEAR_EXACT = SettledClaim(
    "nonlinear networks follow the Gaussian equations",
    "The equations are asymptotically exact for nonlinear networks in the large-N Gaussian limit.",
    "abstract",
    "the distance of trained networks from the Gaussian equations falls to zero as the network grows",
    figure="error_against_size",
    settled=CONTRADICTED,
    holds_instead="Not in general: training makes the rows of weights non-Gaussian. Networks tend to another limit, as "
    "N^-1/2, and stay at a distance from the Gaussian equations whatever their size. Weak activity makes these exact.",
)
LEARNING_REVEALS = SettledClaim(
    "learning reveals hidden structure",
    "Networks that compute the same may differ in overlaps that the loss does not see, and learning exposes these.",
    "abstract",
    "two networks of equal loss and other hidden overlaps part as they learn, by far more than rounding",
    figure="probe_pair",
    settled=IN_PART,
    holds_instead="All differences but one: networks that differ along A = diag(1, 1, -1, -1) learn alike for ever, "
    "but for the size of steps.",
)
MEMORY = SettledClaim(
    "hidden overlaps remember",
    "Overlaps that the loss does not see encode the history of training.",
    "abstract",
    "a decoder tells two histories of training from the hidden overlaps, and not from the function; 99.9 %, binomial",
    figure="memory_sequence",
    settled=HOLDS,
    holds_instead="So they do, as the drift of finite steps; gradient flow would leave far less. After one detour at "
    "the published rate it is hardly there, after three at twice that rate it is. Weight decay forgets it.",
)
INVARIANTS = SettledClaim(
    "gradient flow has invariants",
    "The flow of the overlaps has exact invariants of learning.",
    "abstract",
    "they are solved for, found to be all by brackets, and kept by trained networks to the order of the step",
    figure="invariants_drift",
    settled=HOLDS,
    holds_instead="So it has: a linear network of d columns and rank R has d + R (R + 1) / 2, and no more.",
)
