"""Results and settings do not change once they are made."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("package", ["theory", "simulate", "validate"])
def test_every_dataclass_is_frozen(package: str) -> None:
    found = 0
    for file in sorted((ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                for decorator in node.decorator_list:
                    if ast.unparse(decorator).split("(")[0].split(".")[-1] == "dataclass":
                        found += 1
                        assert isinstance(decorator, ast.Call), (file, node.name)
                        options = {each.arg: ast.literal_eval(each.value) for each in decorator.keywords}
                        assert options.get("frozen") is True, (file, node.name)
    assert found > 10
