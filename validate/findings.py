"""What a run on a user's own files found: the answer, the numbers with their units and meaning, and the answer again.

Nothing is predicted there and nothing asserted, so the table has no columns for either.
"""

import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from validate.report import Report
from validate.table import WIDTH_OF_A_FILE, formatted


def show_findings(report: Report) -> None:
    """Print the conclusion, the findings section by section and the conclusion again, to standard output."""
    terminal = sys.stdout.isatty()
    console = Console(file=sys.stdout, width=None if terminal else WIDTH_OF_A_FILE, highlight=False)
    print(report.verdict)
    table = Table()
    for name in ("quantity", "value", "unit", "meaning"):
        table.add_column(name, justify="right" if name == "value" else "left", overflow="fold")
    for title, findings in report.findings.items():
        if findings:
            table.add_row(Text(title, style="bold"))
        for each in findings:
            missing = each.value is None or each.value != each.value  # NaN is not equal to itself
            value = "none" if missing else formatted(each.value)
            table.add_row(Text(each.name.replace("_", " ")), Text(value), Text(each.unit), Text(each.meaning))
        table.add_section()
    console.print(table)
    print(report.verdict)
