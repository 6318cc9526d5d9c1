"""What Kozachkov, Ennis and Slotine state, what here counts as having seen it, and what holds."""

from validate.claim import CONTRADICTED, HOLDS, IN_PART, SettledClaim

SUFFICIENT = SettledClaim(
    "theorems 1 to 5",
    "Each of five conditions on the weights proves that a network contracts, whatever its inputs.",
    "Theorems 1 to 5",
    "where a condition holds with a margin the claim is proved in rational arithmetic; no slopes are found against it",
    figure="theorems",
    settled=HOLDS,
    holds_instead="So it does; one linear matrix inequality, with a number a neuron, contains all five.",
)
SLOW_SLOPES = SettledClaim(
    "theorem 6",
    "A network whose slopes change slowly contracts in a metric of its slopes, if gW - I is diagonally stable.",
    "Theorem 6",
    "D J + J' D is negative where the premise holds, as the metric needs it",
    figure="slow_slopes",
    settled=CONTRADICTED,
    holds_instead="Not as printed: W = [[0, 10], [0, 0]] meets the premise at constant slopes and has eigenvalue +8. "
    "The premise proves the decay of another quadratic form, and that is met along trajectories.",
)
ROTATION = SettledClaim(
    "theorem 7",
    "Diagonal stability of gW - I does not suffice for a constant metric: W = [[0, -c], [c, 0]] has none from c = 2.",
    "Theorem 7",
    "an exact quadratic metric for every c below two, an exact proof that there is none from two on",
    figure="counterexample",
    settled=HOLDS,
    holds_instead="So it is for quadratic metrics. Norms that are not quadratic reach further, up to c = 2.883.",
)
COMBINATIONS = SettledClaim(
    "networks of networks",
    "Contracting networks joined by negative feedback, in hierarchies and recursively, contract as a whole.",
    "section 2, equation (3)",
    "certified in exact arithmetic; attacks by adversarial slopes and inputs stay below the certified rate",
    figure="assemblies",
    settled=HOLDS,
    holds_instead="So they do, and feedback costs nothing: the whole has the rate of its slowest module.",
)
TRAINED = SettledClaim(
    "trained networks stay stable",
    "Networks of networks that are trained on sequences stay contracting by their parametrisation.",
    "section 4, Fig. 3 and 4, Table 1",
    "each is certified after training from the numbers that run; a control without the rule is not",
    figure="trained",
    settled=HOLDS,
    holds_instead="So they do, as flows in continuous time.",
)
SIMULATED_STEP = SettledClaim(
    "the simulated network contracts",
    "What is proved of the differential equation holds of the network as it is simulated, step by step.",
    "section 4",
    "a factor below one of an Euler step is certified, or slopes are found that lengthen a difference",
    figure="trained",
    settled=IN_PART,
    holds_instead="The proof of the flow says little about the step: some trained networks have a certified step, for "
    "others slopes are found at which a step lengthens differences.",
)
