"""Tensors, modules and optimizers stored and brought back: storages, tied weights, gradients, hooks, training on."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

from nbexp.errors import Unfingerprintable, Unpatchable, Unstorable  # noqa: E402
from nbexp.fingerprints.fingerprint import fingerprint, mutables  # noqa: E402
from nbexp.fingerprints.preview import preview  # noqa: E402
from nbexp.graphs.graph import INLINE_BYTES, dump, held, load  # noqa: E402
from nbexp.graphs.patch import check_patch, detach, patch  # noqa: E402


def again(value: Any) -> Any:
    dumped = dump(value)
    return load(dumped.graph, [memoryview(bytearray(buffer)) for buffer in dumped.buffers])


def digest(value: Any) -> bytes:
    return fingerprint(value).digest


def with_gradient() -> Any:
    tensor = torch.arange(3.0, requires_grad=True)
    (tensor * tensor).sum().backward()
    return tensor


def compressed() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch says that this layout is in beta
        return torch.eye(3).to_sparse_csr()


def inference() -> Any:
    with torch.inference_mode():
        return torch.ones(3)


def named(value: Any, **fields: Any) -> Any:
    value.__dict__.update(fields)
    return value


class Marked(torch.Tensor):
    """A subclass without a say of its own."""


BIG = torch.arange(5000.0)

VALUES: dict[str, Callable[[], Any]] = {
    "floats": lambda: BIG.clone(),
    "empty": lambda: torch.empty(0, 3),
    "number": lambda: torch.tensor(5),
    "transposed": lambda: torch.arange(12.0).reshape(3, 4).T,
    "channels last": lambda: torch.arange(120.0).reshape(2, 3, 4, 5).to(memory_format=torch.channels_last),
    "every second": lambda: BIG.clone()[::2],
    "expanded": lambda: torch.tensor(3.0).expand(4, 5),
    "bool": lambda: torch.tensor([True, False]),
    "bfloat16": lambda: torch.tensor([1.5, 2.5]).bfloat16(),
    "float8": lambda: torch.tensor([1.5, 2.5]).to(torch.float8_e4m3fn),
    "complex": lambda: torch.tensor([1 + 2j]),
    "conjugate": lambda: torch.tensor([1 + 2j]).conj(),
    "negative view": lambda: torch.tensor([1 + 2j]).conj().imag,
    "parameter": lambda: nn.Parameter(torch.ones(3)),
    "frozen parameter": lambda: nn.Parameter(torch.ones(3), requires_grad=False),
    "leaf": lambda: torch.ones(3, requires_grad=True),
    "with gradient": with_gradient,
    "with fields": lambda: named(torch.ones(3), note=["x"]),
    "sparse": lambda: torch.eye(3).to_sparse(),
    "sparse, not coalesced": lambda: torch.sparse_coo_tensor([[0, 0]], [1.0, 2.0], (3,), check_invariants=False),
    "compressed rows": compressed,
    "meta": lambda: torch.empty(3, 4, device="meta"),
    "inference": inference,
    "subclass": lambda: torch.ones(3).as_subclass(Marked),
    "storage": lambda: torch.ones(3).untyped_storage(),
    "generator": lambda: torch.Generator().manual_seed(3),
    "the default generator": lambda: torch.default_generator,
    "dtype": lambda: torch.float16,
    "device": lambda: torch.device("cuda:1"),
    "size": lambda: torch.Size([1, 2]),
    "layout": lambda: torch.strided,
    "memory format": lambda: torch.channels_last,
}


@pytest.mark.parametrize("name", VALUES)
def test_comes_back_as_it_was(name: str) -> None:
    value = VALUES[name]()
    loaded = again(value)
    assert type(loaded) is type(value)
    assert digest(loaded) == digest(value)
    if isinstance(value, torch.Tensor) and value.device.type != "meta":
        assert (loaded.dtype, loaded.shape, loaded.layout) == (value.dtype, value.shape, value.layout)
        assert (loaded.requires_grad, loaded.is_leaf) == (value.requires_grad, value.is_leaf)
        assert (loaded.is_conj(), loaded.is_neg(), loaded.is_inference()) == (
            value.is_conj(),
            value.is_neg(),
            value.is_inference(),
        )
        assert torch.equal(loaded.to_dense().to(torch.complex64), value.to_dense().to(torch.complex64))


def test_different_values_have_different_fingerprints() -> None:
    values = [make() for make in VALUES.values()]
    values += [
        torch.zeros(3),
        torch.zeros(3, dtype=torch.float64),
        torch.zeros(3, 1),
        torch.zeros(1, 3),
        -torch.zeros(3),
    ]
    values += [torch.zeros(2, 3), torch.zeros(3, 2).T, torch.zeros(3, requires_grad=True), np.zeros(3), [0.0] * 3]
    values += [nn.Parameter(torch.zeros(3)), named(torch.zeros(3), a=1), named(torch.zeros(3), a=2)]
    values += [torch.Generator().manual_seed(4), torch.device("cpu"), torch.Size([1, 3]), (1, 2), torch.float32]
    assert len({digest(value) for value in values}) == len(values)


def test_asking_twice_gives_one_answer() -> None:
    for make in VALUES.values():
        assert digest(make()) == digest(make())
        assert len(preview(make())) <= 80


# -- memory ------------------------------------------------------------------------------------------------------------


def test_views_share_one_storage_again() -> None:
    dumped = dump([BIG, BIG[10:20], BIG[::2], BIG.view(50, 100).T, BIG.view(torch.int32)])
    assert len(dumped.buffers) == 1
    whole, part, even, turned, bits = load(dumped.graph, [bytearray(b) for b in dumped.buffers])
    whole[12] = -1
    assert part[2] == even[6] == turned.T[0, 12] == -1
    assert bits[12] == torch.tensor(-1.0).view(torch.int32)
    assert {t.untyped_storage()._cdata for t in (part, even, turned, bits)} == {whole.untyped_storage()._cdata}


def test_a_view_alone_stores_what_it_sees() -> None:
    assert dump(torch.zeros(10**6)[3:9]).size < 2000


def test_torch_and_numpy_share_memory_again() -> None:
    array = np.arange(2000.0)
    for first in (True, False):
        pair = [array, torch.from_numpy(array)]
        loaded = again(pair if first else pair[::-1])
        loaded[0][3] = 99
        assert loaded[1][3] == 99
    loaded = again([BIG.clone(), BIG])
    loaded[0][0] = 5
    assert loaded[1][0] == 0


def test_views_of_live_inputs_attach_to_them() -> None:
    before, now = BIG.clone(), BIG.clone()
    outputs = {"view": before[10:20], "array": before.numpy()[3:5], "x": before, "own": before[:3].clone()}
    dumped = dump(outputs, held=held({"x": mutables(before)}))
    loaded = load(dumped.graph, [bytearray(b) for b in dumped.buffers], live=lambda link: now)
    assert loaded["x"] is now
    loaded["view"][0] = -5
    loaded["array"][0] = -7
    assert (now[10], now[3]) == (-5, -7)
    assert loaded["view"].untyped_storage()._cdata == now.untyped_storage()._cdata
    loaded["own"][0] = 8
    assert now[0] == 0


def test_views_of_live_arrays_attach_to_them() -> None:
    before, now = np.arange(2000.0), np.arange(2000.0)
    dumped = dump(torch.from_numpy(before)[5:], held=held({"x": [before]}))
    loaded = load(dumped.graph, [bytearray(b) for b in dumped.buffers], live=lambda link: now)
    loaded[0] = -1
    assert now[5] == -1


def test_a_view_of_a_live_view_is_refused() -> None:
    strided = BIG.clone()[::2]
    with pytest.raises(Unstorable, match="view of an input"):
        dump(strided[2:4], held=held({"x": [strided]}))


def test_large_storages_are_the_mapped_buffer() -> None:
    dumped = dump([torch.zeros(INLINE_BYTES), torch.zeros(3)])
    buffers = [memoryview(bytearray(b)) for b in dumped.buffers]
    large, small = load(dumped.graph, buffers)
    large[0] = small[0] = 1
    assert np.frombuffer(buffers[0], "f4")[0] == 1
    assert not load(dumped.graph, [bytearray(b) for b in dumped.buffers])[0].any()


def test_a_storage_and_a_tensor_in_it() -> None:
    tensor = torch.arange(3.0)
    storage, loaded = again([tensor.untyped_storage(), tensor])
    loaded[0] = 7
    assert torch.tensor([], dtype=torch.float32).set_(storage)[0] == 7


# -- what cannot be told -----------------------------------------------------------------------------------------------


def test_a_result_with_its_graph_is_refused_with_advice() -> None:
    loss = (torch.ones(3, requires_grad=True) * 2).sum()
    with pytest.raises(Unstorable) as failed:
        dump({"names": {"loss": loss}}, roots={"loss": loss})
    assert failed.value.path == "loss"
    assert "detach" in failed.value.advice
    with pytest.raises(Unfingerprintable):
        digest(loss)
    assert again(loss.detach()) == 6


def test_a_spent_graph_comes_back_as_one_that_can_only_raise() -> None:
    weights = torch.ones(3, requires_grad=True)
    product = weights * weights
    loss = product.sum()
    loss.backward()
    back = again({"loss": loss, "product": product, "twice": loss})
    assert repr(back["loss"]) == repr(loss) and repr(back["product"]) == repr(product)
    assert back["twice"] is back["loss"] and not back["loss"].is_leaf
    for tensor in (loss, back["loss"], back["loss"] * 2):
        with pytest.raises(RuntimeError, match="a second time"):
            tensor.backward()
    assert digest(back["loss"]) == digest(loss) == digest(again(back["loss"]))


@pytest.mark.parametrize("retain", ["graph kept", "a leaf beside what was freed"])
def test_a_graph_that_still_gives_gradients_is_refused(retain: str) -> None:
    weights, bias = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
    loss = (weights * weights + bias).sum() if "leaf" in retain else (weights * weights).sum()
    loss.backward(retain_graph="kept" in retain)
    with pytest.raises(Unstorable, match="graph"):
        dump(loss)
    torch.autograd.grad(loss, [bias if "leaf" in retain else weights])


def test_looking_at_a_graph_computes_no_checkpoint_again() -> None:
    from torch.utils.checkpoint import checkpoint

    runs = []

    def run(rows: torch.Tensor) -> torch.Tensor:
        runs.append(1)
        return rows.relu() ** 2

    loss = checkpoint(run, torch.ones(2, requires_grad=True), use_reentrant=False).sum()
    with pytest.raises(Unstorable, match="graph"):
        dump(loss)
    assert len(runs) == 1
    loss.backward()
    assert repr(again(loss)) == repr(loss)


def test_lazy_parameters_and_iterators_are_refused() -> None:
    with pytest.raises(Unstorable, match="not initialized"):
        dump(nn.LazyLinear(3))
    loader = DataLoader(TensorDataset(torch.arange(4)), batch_size=2)
    for use in (dump, digest):
        with pytest.raises((Unstorable, Unfingerprintable), match="read once"):
            use(iter(loader))


def test_data_loaders_come_back() -> None:
    loader = DataLoader(TensorDataset(torch.arange(4)), batch_size=2, generator=torch.Generator().manual_seed(1))
    assert [batch[0].tolist() for batch in again(loader)] == [[0, 1], [2, 3]]
    assert digest(again(loader)) == digest(loader)


# -- modules -----------------------------------------------------------------------------------------------------------


class Model(nn.Module):
    """Tied weights, every kind of buffer, a recurrent layer that refers to its weights weakly."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(10, 4)
        self.lstm = nn.LSTM(4, 4)
        self.norm = nn.BatchNorm1d(4)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(4, 10, bias=False)
        self.head.weight = self.embed.weight
        self.register_buffer("hidden", torch.ones(2), persistent=False)
        self.register_parameter("none", None)
        self.names = ["a"]

    def forward(self, x: Any) -> Any:
        return self.head(self.drop(self.norm(self.lstm(self.embed(x))[0])))


def model(seed: int = 0) -> Model:
    torch.manual_seed(seed)
    return Model()


def test_a_module_comes_back() -> None:
    value = model().eval()
    loaded = again(value)
    assert loaded.head.weight is loaded.embed.weight
    assert not loaded.training
    assert list(loaded.state_dict()) == list(value.state_dict())
    assert loaded._non_persistent_buffers_set == {"hidden"}
    assert [name for name, _ in loaded.named_modules()] == [name for name, _ in value.named_modules()]
    assert torch.equal(loaded(torch.tensor([1, 2])), value(torch.tensor([1, 2])))
    assert digest(loaded) == digest(value) == digest(model().eval())
    assert loaded.lstm._flat_weight_refs[0]() is loaded.lstm.weight_ih_l0


def test_what_makes_modules_differ() -> None:
    def untied() -> Any:
        value = model()
        value.head.weight = nn.Parameter(value.embed.weight.detach().clone())
        return value

    def frozen() -> Any:
        value = model()
        value.norm.weight.requires_grad_(False)
        return value

    def hooked(*hooks: Any) -> Any:
        value = model()
        for hook in hooks:
            value.register_forward_hook(hook)
        return value

    def with_gradients() -> Any:
        value = model().eval()
        value(torch.tensor([1])).sum().backward()
        return value.train()

    values = [model(), model(1), untied(), frozen(), model().eval(), with_gradients(), nn.Sequential(model())]
    values += [hooked(first), hooked(second), hooked(first, second), hooked(second, first)]
    assert len({digest(value) for value in values}) == len(values)
    assert digest(hooked(first)) == digest(hooked(first))


def first(module: Any, args: Any, output: Any) -> None:
    module.seen = 1


def second(module: Any, args: Any, output: Any) -> None:
    module.seen = 2


def test_hooks_keep_their_order_and_their_handles() -> None:
    value = model().eval()
    one = value.register_forward_hook(first)
    value.register_forward_hook(second, always_call=True)
    dumped = dump({"model": value, "handle": one})
    torch.utils.hooks.RemovableHandle.next_id = 0
    loaded = load(dumped.graph, [bytearray(b) for b in dumped.buffers])
    assert digest(loaded["model"]) == digest(value)
    loaded["model"](torch.tensor([1]))
    assert loaded["model"].seen == 2
    added = loaded["model"].register_forward_hook(first)
    assert len(loaded["model"]._forward_hooks) == 3
    loaded["handle"].remove()
    added.remove()
    assert [*loaded["model"]._forward_hooks.values()] == [second]
    with pytest.raises(Unfingerprintable, match="Remove the hook"):
        digest(one)


def test_hooks_of_tensors_come_back() -> None:
    def double(gradient: Any) -> Any:
        return gradient * 2

    value = torch.ones(3, requires_grad=True)
    value.register_hook(double)
    loaded = again(value)
    (loaded * 3).sum().backward()
    assert loaded.grad.tolist() == [6, 6, 6]


def test_modules_hold_what_they_share_with_others() -> None:
    value = model()
    loaded = again(
        {"model": value, "weight": value.embed.weight, "state": value.state_dict(), "rows": value.embed.weight.data[:2]}
    )
    assert loaded["weight"] is loaded["model"].embed.weight
    with torch.no_grad():
        loaded["weight"].zero_()
    assert not loaded["state"]["head.weight"].any()
    assert not loaded["rows"].any()


def train(parts: dict[str, Any]) -> list[float]:
    losses = []
    for _ in range(2):
        parts["optimizer"].zero_grad()
        loss = parts["model"](torch.tensor([1, 2, 3])).square().sum()
        loss.backward()
        parts["optimizer"].step()
        parts["scheduler"].step()
        losses.append(float(loss.detach()))
    return losses


OPTIMIZERS = {
    "sgd": lambda parameters: torch.optim.SGD(parameters, lr=0.1, momentum=0.9),
    "adamw": lambda parameters: torch.optim.AdamW(parameters, lr=0.01),
    "groups": lambda parameters: torch.optim.Adam([{"params": p, "lr": 0.01 * i} for i, p in enumerate(parameters)]),
}


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_training_goes_on_as_if_it_had_not_been_stored(kind: str) -> None:
    value: dict[str, Any] = {"model": model().eval()}
    value["optimizer"] = OPTIMIZERS[kind](value["model"].parameters())
    value["scheduler"] = torch.optim.lr_scheduler.StepLR(value["optimizer"], 1)
    train(value)
    loaded, other = again(value), again(value)
    assert loaded["scheduler"].optimizer is loaded["optimizer"]
    assert loaded["optimizer"].param_groups[0]["params"][0] is loaded["model"].embed.weight
    assert digest(loaded) == digest(value)
    assert train(loaded) == train(value)
    assert digest(loaded) == digest(value) != digest(other)
    assert torch.equal(loaded["model"].head.weight, value["model"].head.weight)


def test_an_optimizer_is_linked_to_the_live_model() -> None:
    before, now = model(), model()
    nodes, places = mutables(before), mutables(now)
    dumped = dump(torch.optim.AdamW(before.parameters()), held=held({"model": nodes}))
    optimizer = load(dumped.graph, [bytearray(b) for b in dumped.buffers], live=lambda link: places[link.number])
    assert optimizer.param_groups[0]["params"][0] is now.embed.weight
    assert dumped.size < 20_000


def test_a_compiled_module_is_the_module_and_the_options() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch's compiler, while it is imported
        value = torch.compile(model().eval(), backend="eager")
        other = torch.compile(model().eval(), backend="aot_eager")
        inner, loaded = again([value._orig_mod, value])
        assert type(loaded) is type(value)
        assert loaded._orig_mod is inner
        assert torch.equal(loaded(torch.tensor([1])), value._orig_mod(torch.tensor([1])))
        assert digest(loaded) == digest(value) != digest(other)
        assert digest(value) != digest(value._orig_mod)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_scripted_module_is_refused() -> None:
    scripted = torch.jit.script(nn.Linear(2, 2))
    with pytest.raises(Unstorable, match=r"torch\.jit"):
        dump(scripted)
    with pytest.raises(Unfingerprintable, match=r"torch\.jit"):
        digest(scripted)


# -- patches -----------------------------------------------------------------------------------------------------------


def patched(live: Any, new: Any) -> None:
    """All that `new` has become, put into `live`, which was as `new` was before."""
    nodes, places = new["nodes"], mutables(live)
    dumped = dump([detach(node) for node in nodes], held=held({"x": nodes}))
    contents = load(dumped.graph, [bytearray(b) for b in dumped.buffers], live=lambda link: places[link.number])
    for place, content in zip(places, contents, strict=True):
        check_patch(place, content)
    for place, content in zip(places, contents, strict=True):
        patch(place, content)


@pytest.mark.parametrize("name", ["floats", "transposed", "parameter", "leaf", "inference", "generator", "with fields"])
def test_values_are_patched(name: str) -> None:
    live, new = VALUES[name](), VALUES[name]()
    nodes = mutables(new)
    if name == "generator":
        torch.rand(3, generator=new)
    elif name == "inference":
        with torch.inference_mode():
            new.mul_(3)
    else:
        new.data.mul_(3).add_(1)
    if name == "with fields":
        new.note.append("y")
    patched(live, {"nodes": nodes})
    assert digest(live) == digest(new)


def test_training_in_place_reaches_every_holder() -> None:
    def parts() -> dict[str, Any]:
        value: dict[str, Any] = {"model": model().eval()}
        value["optimizer"] = OPTIMIZERS["adamw"](value["model"].parameters())
        value["scheduler"] = torch.optim.lr_scheduler.StepLR(value["optimizer"], 1)
        return value

    live, new = parts(), parts()
    nodes = mutables(new)
    weight, view = live["model"].embed.weight, live["model"].embed.weight.data[0]
    train(new)
    patched(live, {"nodes": nodes})
    assert digest(live) == digest(new)
    assert live["model"].embed.weight is weight
    assert torch.equal(view, new["model"].embed.weight.data[0])
    assert train(live) == train(new)


def test_hooks_set_on_a_live_module() -> None:
    live, new = nn.Linear(2, 2), nn.Linear(2, 2)
    nodes = mutables(new)
    new.register_forward_hook(first)
    patched(live, {"nodes": nodes})
    live(torch.ones(2))
    assert live.seen == 1
    new.register_forward_hook(second)
    with pytest.raises(Unpatchable, match="hooks"):
        patched(live, {"nodes": nodes})


def test_another_shape_is_not_patched() -> None:
    for new in (torch.zeros(4), torch.zeros(3, dtype=torch.float64), np.zeros(3)):
        with pytest.raises(Unpatchable):
            check_patch(torch.zeros(3), new)


def test_what_torch_itself_saves_is_the_same_after_loading() -> None:
    value = model()
    one, other = io.BytesIO(), io.BytesIO()
    torch.save(value.state_dict(), one)
    torch.save(again(value).state_dict(), other)
    states = [torch.load(io.BytesIO(file.getvalue())) for file in (one, other)]
    assert all(torch.equal(a, b) for a, b in zip(*(state.values() for state in states), strict=True))
    assert len(one.getvalue()) == len(other.getvalue())


@pytest.mark.gpu
def test_tensors_of_a_gpu_come_back_to_it() -> None:
    value = model().cuda().eval()
    loaded = again(value)
    assert loaded.embed.weight.device == value.embed.weight.device
    assert loaded.head.weight is loaded.embed.weight
    assert digest(loaded) == digest(value) != digest(model().eval())
    assert torch.equal(loaded(torch.tensor([1]).cuda()), value(torch.tensor([1]).cuda()))


@pytest.mark.gpu
def test_views_of_a_live_gpu_tensor_attach_to_it_and_others_are_refused() -> None:
    before, now = BIG.cuda(), BIG.cuda()
    dumped = dump(before[10:20], held=held({"x": [before]}))
    load(dumped.graph, dumped.buffers, live=lambda link: now)[0] = -5
    assert now[10] == -5
    with pytest.raises(Unstorable, match="device"):
        dump([before, before[:5]])


@pytest.mark.gpu
def test_training_on_a_gpu_is_patched_in_place() -> None:
    live, new = (nn.Linear(3, 3).cuda() for _ in range(2))
    live.load_state_dict(new.state_dict())
    nodes = mutables(new)
    optimizer = torch.optim.AdamW(new.parameters())
    new(torch.ones(3).cuda()).sum().backward()
    optimizer.step()
    patched(live, {"nodes": nodes})
    assert digest(live) == digest(new)
    generator, other = torch.Generator("cuda").manual_seed(3), torch.Generator("cuda").manual_seed(3)
    torch.rand(3, generator=generator, device="cuda")
    patch(other, again(detach(generator)))
    assert digest(other) == digest(generator)
