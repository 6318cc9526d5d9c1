"""Run one block of Python of a page as a reader would, in this fresh interpreter, and hold it to its comments.

    python tests/snippet.py PAGE NUMBER

A comment behind an expression, a `print` or an assignment that begins with numbers or quoted words says what comes out,
to the digits shown: `error_floor(0.6).word, rate  # 'LRR', 0.0112 per epoch`. What follows is prose.
"""

import ast
import io
import re
import sys
import tokenize
from pathlib import Path

BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
NUMBER = r"[-+]?\d[\d_]*(?:\.\d+)?(?:e[-+]?\d+)?(?![\w.]*\w)"
LITERAL = re.compile(rf"({NUMBER}|'[^']*'|True|False|None)(?=$|[\s,;:)\]])")


def blocks(page: Path) -> list[str]:
    """The Python blocks of a page, in order."""
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def agrees(claim: str, value: object) -> bool:
    """Whether the value is what is claimed; a number to half a unit of the last digit shown."""
    if claim[0] == "'" or claim in ("True", "False", "None"):
        return str(value) == claim.strip("'")
    digits, _, power = claim.partition("e")
    unit = 10.0 ** (int(power or 0) - len(digits.partition(".")[2]))
    return abs(float(value) - float(claim)) <= 0.5 * unit * (1 + 1e-9)  # type: ignore[arg-type]


def held_to(comment: str, values: list[object], where: str) -> int:
    """How many of the values the comment begins with, between commas or spaces; AssertionError for a wrong one."""
    count, rest = 0, comment.lstrip("# ([")
    for value in values:
        if isinstance(value, str) and value and rest.startswith(value):
            claim = value
        elif match := LITERAL.match(rest):
            claim = match[1]
            assert agrees(claim, value), f"{where} gives {value!r}, the comment says {claim}"
        else:
            break
        count, rest = count + 1, rest[len(claim) :]
        if not rest.startswith((", ", " ")):
            break
        rest = rest.lstrip(", ")
    return count


def flat(value: object) -> list[object]:
    """The values in lists, tuples and arrays, one by one."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    return [each for item in value for each in flat(item)] if isinstance(value, list | tuple) else [value]


def run(source: str, name: str) -> int:
    """Run the block; the number of claims that were checked. Raises AssertionError for one that does not hold."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}
    names: dict[str, object] = {"__name__": "__main__"}
    checked = 0
    for statement in ast.parse(source).body:
        values = _run(statement, names, name)
        where = f"{name}: {ast.unparse(statement)}"
        checked += held_to(comments.get(statement.end_lineno or 0, ""), values, where)
    return checked


def _run(statement: ast.stmt, names: dict[str, object], name: str) -> list[object]:
    """Run one statement; what it comes to."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Name(id="print"), args=shown)) if not any(
            isinstance(each, ast.Starred) for each in shown
        ):
            values = [eval(compile(ast.Expression(each), name, "eval"), names) for each in shown]
            print(*values)
            return flat(values)
        case ast.Expr(value=expression):
            return flat(eval(compile(ast.Expression(expression), name, "eval"), names))
    exec(compile(ast.Module([statement], []), name, "exec"), names)
    match statement:
        case ast.Assign(targets=[ast.Name(id=target)]):
            return flat(names[target])
    return []


if __name__ == "__main__":
    page, number = Path(sys.argv[1]), int(sys.argv[2])
    sys.path.pop(0)  # the folder of this file, which a reader's interpreter would not have
    print(f"checked {run(blocks(page)[number], f'{page.name}[{number}]')}")
