"""PyTorch's files, written as PyTorch writes them but without it: what is in them, and what they may not do."""

import io
import pickle
import struct
import sys
import types
import zipfile
from collections import OrderedDict

import ml_dtypes
import numpy as np
import pytest

from validate.state_dict import NotAStateDict, read_state_dict

KINDS = {"f8": "Double", "f4": "Float", "f2": "Half", "i8": "Long", "i4": "Int", "u1": "Byte", "b1": "Bool"}


class Tensor:
    """A view of an array, pickled like a tensor: a call of torch._utils._rebuild_tensor_v2 on a storage."""

    def __init__(self, base, shape=None, strides=None, offset=0, marks=()):
        self.base = np.ascontiguousarray(base)
        self.shape = base.shape if shape is None else shape
        self.strides = tuple(s // base.itemsize for s in self.base.strides) if strides is None else strides
        self.offset = offset
        self.marks = marks

    def __reduce__(self):
        module = sys.modules["torch._utils"]
        return module._rebuild_tensor_v2, (
            Storage(self.base),
            self.offset,
            self.shape,
            self.strides,
            False,
            OrderedDict(),
            *self.marks,
        )


class Storage:
    def __init__(self, base):
        self.base = base

    @property
    def kind(self):
        kind = "BFloat16" if self.base.dtype == ml_dtypes.bfloat16 else KINDS[self.base.dtype.str[1:]]
        return getattr(sys.modules["torch"], f"{kind}Storage")


class Writer(pickle.Pickler):
    def __init__(self, stream, storages, legacy):
        super().__init__(stream, protocol=2)
        self.storages, self.legacy = storages, legacy

    def persistent_id(self, each):
        if not isinstance(each, Storage):
            return None
        key = str(len(self.storages))
        self.storages[key] = each.base
        identity = ("storage", each.kind, key, "cuda:0", each.base.size)
        return (*identity, None) if self.legacy else identity


@pytest.fixture(autouse=True)
def torch(monkeypatch):
    """Names to write by; nothing of PyTorch itself."""
    module, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for kind in (*KINDS.values(), "BFloat16"):
        setattr(module, f"{kind}Storage", type(f"{kind}Storage", (), {"__module__": "torch"}))
    for name in ("_rebuild_tensor_v2", "_rebuild_parameter"):

        def function(*_):
            raise AssertionError("nothing in a file is ever called by its name")

        function.__module__, function.__qualname__, function.__name__ = "torch._utils", name, name
        setattr(utils, name, function)
    monkeypatch.setitem(sys.modules, "torch", module)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)


def archive(document, method=zipfile.ZIP_STORED):
    stream, storages = io.BytesIO(), {}
    Writer(stream, storages, legacy=False).dump(document)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as file:
        file.writestr("net/data.pkl", stream.getvalue())
        file.writestr("net/byteorder", "little")
        for key, base in storages.items():
            file.writestr(f"net/data/{key}", base.tobytes())
    return content.getvalue()


def pickles(document):
    stream, storages = io.BytesIO(), {}
    for each in (0x1950A86A20F9469CFC6C, 1001, {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}):
        pickle.dump(each, stream, protocol=2)
    Writer(stream, storages, legacy=True).dump(document)
    pickle.dump(list(storages), stream, protocol=2)
    for base in storages.values():
        stream.write(struct.pack("<q", base.size) + base.tobytes())
    return stream.getvalue()


FORMS = pytest.mark.parametrize("form", [archive, pickles])


@pytest.fixture
def read(tmp_path):
    def reader(content):
        path = tmp_path / "net.pt"
        path.write_bytes(content)
        return read_state_dict(path)

    return reader


@FORMS
def test_tensors_come_out_as_they_went_in(form, read):
    base = np.arange(12.0).reshape(3, 4)
    document = OrderedDict((f"w{kind}", Tensor((base > 3).astype(kind))) for kind in KINDS)
    document["transposed"] = Tensor(base, (4, 3), (1, 4))
    document["slice"] = Tensor(base, (2, 2), (4, 1), offset=5)
    document["scalar"] = Tensor(base, (), (), offset=7)
    document["none"] = Tensor(np.zeros((0, 2)))
    document["short"] = Tensor(base.astype(ml_dtypes.bfloat16))
    found = read(form(document))
    assert list(found) == list(document)
    for kind in KINDS:
        assert found[f"w{kind}"].dtype == np.dtype(kind)
        np.testing.assert_array_equal(found[f"w{kind}"], base > 3)
    np.testing.assert_array_equal(found["transposed"], base.T)
    np.testing.assert_array_equal(found["slice"], base[1:, 1:3])
    assert found["scalar"] == 7
    assert found["none"].shape == (0, 2)
    np.testing.assert_array_equal(found["short"].astype(float), base)


@FORMS
def test_a_checkpoint_within_which_the_network_is(form, read):
    found = read(form({"epoch": 3, "lr": 0.1, "state_dict": OrderedDict(m=Tensor(np.eye(2))), "name": "mine"}))
    assert list(found) == ["state_dict.m"]


class Call:
    def __init__(self, function, *arguments):
        self.reduced = (function, arguments)

    def __reduce__(self):
        return self.reduced


@FORMS
@pytest.mark.parametrize("function", [exec, getattr, print, np.array, OrderedDict.fromkeys, type, pickle.loads])
def test_nothing_is_executed(form, function, read):
    with pytest.raises(NotAStateDict, match="reading that would run code"):
        read(form({"m": Tensor(np.eye(2)), "x": Call(function, "raise SystemExit('a pickle was executed')")}))


SIDE_EFFECTS = {
    "global": b"cos\nsystem\n(S'touch executed'\ntR.",
    "stack global": b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x0etouch executed\x85R.",
    "instance": b"(S'touch executed'\nios\nsystem\n.",
    "new object": b"\x80\x02csubprocess\nPopen\n(S'touch'\nS'executed'\nl\x85\x81.",
    "keywords": b"\x80\x04csubprocess\nPopen\n)}\x92.",
    "object": b"\x80\x02(cos\nsystem\nS'touch executed'\no.",
    "attributes of a class": b"\x80\x02ccollections\nOrderedDict\nN}S'fromkeys'\nNs\x86b.",
    "memory": b"\x80\x02}r\xff\xff\xff\x7f.",
    "extension": b"\x80\x02\x82\x01.",
    "import alone": b"cthis\ns\n.",
    "dotted": b"\x80\x04\x8c\x06torch.\x8c\x0csys.settrace\x93.",
    "builtins": b'\x80\x02c__builtin__\neval\n(S\'open("executed", "w")\'\ntR.',
    "attribute of a stand-in": b"\x80\x04\x8c\x0ctorch._utils\x8c\x1b_rebuild_tensor_v2.__code__\x93.",
}


@pytest.mark.parametrize("wrapped", [True, False], ids=["archive", "pickle"])
@pytest.mark.parametrize("name", SIDE_EFFECTS)
def test_no_opcode_does_anything_outside(name, wrapped, read, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content, loaded = SIDE_EFFECTS[name], set(sys.modules)
    if wrapped:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as file:
            file.writestr("net/data.pkl", content)
        content = stream.getvalue()
    with pytest.raises(NotAStateDict):
        read(content)
    assert not (tmp_path / "executed").exists()
    assert not {"this", "subprocess"} & (set(sys.modules) - loaded)


def test_a_whole_network_is_refused_with_the_remedy(read):
    class Net:
        pass

    Net.__qualname__, Net.__module__ = "Net", __name__
    sys.modules[__name__].Net = Net
    with pytest.raises(NotAStateDict, match=r"Net, and .*torch\.save\(net\.state_dict\(\), FILE\)") as refused:
        read(archive(Net()))
    line = str(refused.value)
    assert "python -c \"import torch; from safetensors.torch import save_file; n = torch.load('" in line
    assert "net.pt', 'cpu', weights_only=False); " in line
    assert line.endswith("net.safetensors')\"")
    compile(line.partition('-c "')[2].removesuffix('"'), "the line", "exec")


@FORMS
@pytest.mark.parametrize(
    ("tensor", "problem"),
    [
        (Tensor(np.eye(2), (3, 3), (2, 1)), "beyond its storage"),
        (Tensor(np.eye(2), (2, 2), (2, 1), offset=2), "beyond its storage"),
        (Tensor(np.eye(2), (2, 2), (2, 1), offset=-1), "no plain view"),
        (Tensor(np.eye(2), (2, 2), (-2, 1), offset=2), "no plain view"),
        (Tensor(np.eye(2), (10**9, 10**9), (0, 0)), "no plain view"),
        (Tensor(np.zeros(200), (100, 100), (1, 1)), "no plain view"),
        (Tensor(np.eye(2), (-1, 2), (2, 1)), "no plain view"),
        (Tensor(np.eye(2), (2,), (2, 1)), "not put together"),
        (Tensor(np.eye(2), marks=({"neg": True},)), r"resolve_neg\(\)"),
    ],
)
def test_a_tensor_that_leaves_its_numbers_is_refused(form, tensor, problem, read):
    with pytest.raises(NotAStateDict, match=problem):
        read(form({"m": tensor}))


def test_other_files_are_refused(read):
    for content in (pickle.dumps({"m": 1}), pickle.dumps([1]), b"", b"\x80", archive(3), archive({"m": 1})):
        with pytest.raises(NotAStateDict):
            read(content)
    with pytest.raises(NotAStateDict, match="not all there"):
        read(archive({"m": Tensor(np.zeros((50, 50)))}, zipfile.ZIP_DEFLATED))
    stream = io.BytesIO()
    np.savez(stream, m=np.eye(2))
    with pytest.raises(NotAStateDict, match=r"name an npz file \.npz"):
        read(stream.getvalue())


@FORMS
def test_whatever_is_broken_in_a_file_is_refused(form, read):
    """Cut at every eleventh place, and with bytes changed at random: tensors come out, or it is refused."""
    content, random = form({"m": Tensor(np.arange(6.0)), "n": Tensor(np.arange(4.0))}), np.random.default_rng(0)
    for length in range(0, len(content), 11):
        with pytest.raises(NotAStateDict):
            read(content[:length])
    refused = 0
    for _ in range(150):
        changed = bytearray(content)
        for place in random.integers(0, len(content), 3):
            changed[place] = random.integers(256)
        try:
            read(bytes(changed))
        except NotAStateDict:
            refused += 1
    assert refused > 15
