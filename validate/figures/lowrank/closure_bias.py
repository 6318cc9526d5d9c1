"""How the closure's error depends on amplitude, gain, richness and training time."""

import numpy as np

from simulate.lowrank.nonlinearity import ERF
from validate.checks.lowrank.closure_bias import AMPLITUDES, GAINS, RATES, RICHNESS, BiasResults
from validate.checks.lowrank.settings import Config
from validate.output import Plot
from validate.plotting import GUIDE, mark_values, new_panels, plot, style


def figures(config: Config, results: BiasResults) -> tuple[Plot, ...]:
    """Four panels, relative error of the closure against each."""
    with style():
        figure, panels = new_panels(4, width=11.5, height=3.0)
        amplitude, gain, richness, time = panels
        for name, sweep in results.by_amplitude.items():
            amplitude.loglog(AMPLITUDES, [bias.final for bias in sweep], "o-", label=name)
        guide = results.by_amplitude[ERF.name][0].final * (AMPLITUDES / AMPLITUDES[0]) ** 4
        amplitude.loglog(AMPLITUDES[:3], 0.6 * guide[:3], **GUIDE)
        amplitude.annotate("slope 4", (AMPLITUDES[1], 0.3 * guide[1]), fontsize=8)
        amplitude.set(xlabel="amplitude of inputs and targets", ylabel="relative error of the closure")
        amplitude.legend()
        for name, sweep in results.by_gain.items():
            gain.loglog(GAINS, [bias.final for bias in sweep], "o-", label=name)
        gain.set(xlabel="initial gain")
        gain.legend()
        richness.loglog(RICHNESS, [bias.final for bias in results.by_richness], "o-", label=ERF.name)
        richness.set(xlabel="target amplitude")
        for rate, bias in zip(RATES, results.by_rate, strict=True):
            epochs = np.arange(1, len(bias.relative))
            time.loglog(rate * epochs, bias.relative[1:], label=f"rate {rate:g}")
        time.set(xlabel="learning time: rate x epochs")
        time.legend()
        for axes, values in ((amplitude, AMPLITUDES), (gain, GAINS), (richness, RICHNESS)):
            mark_values(axes, values.tolist())
    data = {
        "amplitude": AMPLITUDES,
        "gain": GAINS,
        "richness": RICHNESS,
        "by_richness": np.array([bias.final for bias in results.by_richness]),
        **{f"{name}_by_amplitude": np.array([b.final for b in sweep]) for name, sweep in results.by_amplitude.items()},
        **{f"{name}_by_gain": np.array([b.final for b in sweep]) for name, sweep in results.by_gain.items()},
        **{f"rate_{rate:g}": bias.relative for rate, bias in zip(RATES, results.by_rate, strict=True)},
    }
    caption = "The closure's relative error at infinite width, erf unless named."
    return (plot("closure_error", caption, figure, data),)
