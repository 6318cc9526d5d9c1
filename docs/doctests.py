"""Examples in docstrings, set as code on the site: a Griffe extension that `mkdocs.yml` names."""

import re
from typing import Any

from griffe import Extension, Object
from typing_extensions import override

EXAMPLE = re.compile(r"^>>> .*(?:\n(?!\s*$).*)*", flags=re.MULTILINE)
"""From a prompt to the next empty line, as doctest reads it."""


class FencedExamples(Extension):
    """Put each example at the left margin of a docstring between fences."""

    @override
    def on_object(self, *, obj: Object, **_: Any) -> None:
        if obj.docstring:
            obj.docstring.value = EXAMPLE.sub(r"```pycon\n\g<0>\n```", obj.docstring.value)
