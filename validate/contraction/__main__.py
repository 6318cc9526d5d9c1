"""Contraction: when networks, and networks of networks, forget their initial state, with certificates.

    python -m validate.contraction

runs the built-in checks. One matrix of your own is decided, and a certificate written, by

    python -m validate.contraction --weights FILE --form voltage --certificate OUT.json

a GRU or an LSTM by

    python -m validate.contraction --gated FILE --input-box 1 --certificate OUT.json

a Lur'e system by `--lure FILE --time discrete`, and a certificate is verified, with Python's standard library alone, by

    python -m validate.contraction --check OUT.json [--weights FILE]

`--data DIR` trains a certified network of networks on images. `python -m validate.contraction --help` lists the
options.
"""

import sys

if __name__ == "__main__" and any(argument.split("=")[0] == "--check" for argument in sys.argv[1:]):
    # Before anything else is imported: a proof is to be checked by as little code as possible.
    from validate.contraction.certificate_checker import main as check
    from validate.contraction.compared_weights import OwnWeights

    sys.exit(check(sys.argv[1:], OwnWeights))

from validate.interruption import stop_without_a_word

if __name__ == "__main__":
    stop_without_a_word()

from validate.command import Command, Mode, Section, built_in
from validate.contraction.settings import CHECK, Config, GatedConfig, ImagesConfig, LureConfig, MatrixConfig
from validate.contraction.user_run import gated_plan, images_plan, jax_and_one_thread, lure_plan, matrix_plan

SECTIONS = (
    Section("Contraction in closed form", "validate.contraction.at_once", at_once=True),
    Section("Theorems 1 to 5, and norms", "validate.contraction.theorems"),
    Section("Which condition contains which", "validate.contraction.inclusions"),
    Section("How much the conditions give away", "validate.contraction.conservatism"),
    Section("Theorem 7: the counterexample, from both sides", "validate.contraction.counterexample"),
    Section("Theorem 6: slowly varying slopes", "validate.contraction.slow_slopes"),
    Section("Trajectories and adversaries", "validate.contraction.trajectories"),
    Section("Networks of networks", "validate.contraction.assemblies"),
    Section("Trained and certified again", "validate.contraction.trained"),
    Section("Certificates and their checker", "validate.contraction.certificates"),
)

COMMAND = Command(
    name="contraction",
    title="Contraction",
    summary="Contraction: built-in checks, a verdict with a proof about a matrix of your own, or training on images.",
    example="python -m validate.contraction --weights W.npy --form voltage --certificate proof.json",
    modes=(
        built_in(Config, SECTIONS, jax_and_one_thread),
        Mode(MatrixConfig, matrix_plan, chosen_by=("--weights",)),
        Mode(GatedConfig, gated_plan, chosen_by=("--gated",)),
        Mode(LureConfig, lure_plan, chosen_by=("--lure",)),
        Mode(ImagesConfig, images_plan, chosen_by=("--data",)),
    ),
    elsewhere=(CHECK,),
)

if __name__ == "__main__":
    COMMAND.run()
