"""Memory of training A-B-A: what differs at equal function, whether it tells the history, and what wipes it out."""

from dataclasses import dataclass

from validate.checks.lowrank.decaying_memory import Fading, Forgetting, decode_under_decay, forget
from validate.checks.lowrank.decoding_histories import decode_histories
from validate.checks.lowrank.detours import DetourLaw, frozen_blocks, networks, small_detours
from validate.checks.lowrank.published_sequence import Sequence, published_sequence
from validate.checks.lowrank.settings import Config
from validate.checks.lowrank.shaken_memory import Shaken, decode_under_noise
from validate.progress import Progress
from validate.report import Report


@dataclass(frozen=True)
class MemoryResults:
    """The published sequence on the map; the law of small detours; forgetting; decoding under decay and noise."""

    sequence: Sequence
    law: DetourLaw
    forgetting: Forgetting
    fading: Fading
    shaken: Shaken


def checks(config: Config, report: Report, progress: Progress) -> MemoryResults:
    """From one run to the law of small detours, from there to populations, and to what wipes the memory out."""
    with progress.task("training A-B-A"):
        sequence = published_sequence(config, report)
        law = small_detours(config, report)
        frozen_blocks(config, report)
        networks(config, report)
    with progress.task("decoding histories"):
        histories = decode_histories(config, report)
    with progress.task("forgetting"):
        fading = decode_under_decay(config, report, histories)
        shaken = decode_under_noise(config, report, histories)
        forgetting = forget(config, report)
    return MemoryResults(sequence, law, forgetting, fading, shaken)
