"""Test files in the manner of well-known libraries, with small nets of our own; ``{size}`` stands for the field."""

from __future__ import annotations

NETS = """
import unittest
from dataclasses import dataclass

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

class Stages(nn.Module):
    "Convolutions of 3 taps, each of stride 2 but the first."
    def __init__(self, depth=3, chans=4, inputs=3, classes=5, dims=2):
        super().__init__()
        conv = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}[dims]
        norm = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}[dims]
        self.stages = nn.Sequential(*(
            nn.Sequential(conv(chans if n else inputs, chans, 3, 2 if n else 1, 1), norm(chans), nn.ReLU())
            for n in range(depth)
        ))
        self.head = nn.Linear(chans, classes)

    def forward_features(self, x):
        return self.stages(x)

    def forward(self, x):
        return self.head(self.forward_features(x).flatten(2).mean(-1))
"""

TIMM = (
    NETS
    + """
REGISTRY = {"stages_small": dict(depth=3), "stages_wide": dict(depth=3, chans=8)}

def list_models(filter="", exclude_filters=()):
    return [name for name in REGISTRY if filter.strip("*") in name and name not in exclude_filters]

def create_model(name, pretrained=False, **kwargs):
    return Stages(**{**REGISTRY[name], **kwargs})

@pytest.mark.rf("final rf == {size}")
@pytest.mark.base
@pytest.mark.timeout(240)
@pytest.mark.parametrize("model_name", list_models(exclude_filters=["nix"]))
@pytest.mark.parametrize("batch_size", [1])
def test_model_forward(model_name, batch_size):
    "One forward pass of every model, in eval mode."
    model = create_model(model_name, pretrained=False)
    model.eval()
    inputs = torch.randn((batch_size, 3, 32, 32))
    outputs = model(inputs)
    assert outputs.shape[0] == batch_size
    assert not torch.isnan(outputs).any(), "Output included NaNs"

@pytest.mark.rf("final rf == {size}")
@pytest.mark.parametrize("model_name", list_models("*small"))
def test_model_backward(model_name):
    "The pass of training; the gradients reach every parameter."
    model = create_model(model_name, classes=42)
    model.train()
    outputs = model(torch.randn((2, 3, 32, 32)))
    outputs.mean().backward()
    assert all(x.grad is not None for x in model.parameters())

@pytest.mark.rf("final rf == {size}")
def test_model_forward_features():
    model = create_model("stages_small")
    model.eval()
    assert model.forward_features(torch.randn((1, 3, 32, 32))).shape[-1] == 8
"""
)

TORCHVISION = (
    NETS
    + """
def stages(**config): return Stages(**config)
def stages_deep(**config): return Stages(**config)

def list_model_fns(): return [stages, stages_deep]

def _check_jit_scriptable(module, args):
    traced = torch.jit.trace(module, args)
    torch.testing.assert_close(module(*args), traced(*args))

@pytest.mark.rf("final rf == {size}")
@pytest.mark.parametrize("dev", ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(True, reason="no GPU"))])
@pytest.mark.parametrize("model_fn", list_model_fns())
def test_classification_model(model_fn, dev):
    kwargs = dict(classes=50, depth=3)
    model = model_fn(**kwargs)
    model.eval().to(device=dev)
    x = torch.rand((1, 3, 32, 32)).to(device=dev)
    out = model(x)
    assert out.shape[-1] == 50
    _check_jit_scriptable(model, (x,))

@pytest.mark.rf("final rf == {size}")
def test_preprocessing_then_model():
    class ImageClassification(nn.Module):
        def forward(self, image):
            image = F.interpolate(image, size=(32, 32), mode="bilinear", antialias=True)
            return (image - 0.45) / 0.225
    preprocess = ImageClassification()
    model = stages().eval()
    with torch.inference_mode():
        prediction = model(preprocess(torch.rand(1, 3, 48, 40))).squeeze(0).softmax(0)
    assert prediction.shape == (5,)
"""
)

MONAI = (
    NETS
    + """
import contextlib, sys

@contextlib.contextmanager
def eval_mode(*nets):
    training = [net for net in nets if net.training]
    try:
        with torch.no_grad():
            yield [net.eval() for net in nets]
    finally:
        for net in training: net.train()

def expand(cases):
    "As the package parameterized does it: methods made while the class is."
    def made(function):
        namespace = sys._getframe(1).f_locals
        for number, case in enumerate(cases):
            def method(self, case=case): return function(self, *case)
            method.__name__ = f"{function.__name__}_{number}"
            method.pytestmark = list(getattr(function, "pytestmark", []))
            namespace[method.__name__] = method
    return made

device = "cuda" if torch.cuda.is_available() else "cpu"

TEST_CASE_0 = [{"dims": 2, "inputs": 1, "classes": 3}, (1, 1, 32, 32), (1, 3)]
TEST_CASE_1 = [{"dims": 3, "inputs": 1, "classes": 3}, (2, 1, 16, 16, 16), (2, 3)]
CASES = [TEST_CASE_0, TEST_CASE_1]

class TestStages(unittest.TestCase):
    @expand(CASES)
    @pytest.mark.rf("final rf == {size}")
    def test_shape(self, input_param, input_shape, expected_shape):
        net = Stages(**input_param).to(device)
        with eval_mode(net):
            result = net.forward(torch.randn(input_shape).to(device)) if False else net(torch.randn(input_shape))
            self.assertEqual(result.shape, expected_shape)

    @pytest.mark.rf("final rf == {size}", which="all")
    def test_subtests(self):
        for input_param, input_shape, expected_shape in CASES:
            with self.subTest(input_param=input_param):
                self.assertEqual(Stages(**input_param).eval()(torch.randn(input_shape)).shape, expected_shape)

    @pytest.mark.rf("final rf == {size}")
    def test_script(self):
        net, test_data = Stages(inputs=1).eval(), torch.randn(1, 1, 32, 32)
        with torch.no_grad():
            np.testing.assert_allclose(net(test_data), torch.jit.trace(net, test_data)(test_data), rtol=1e-4)

    def test_ill_arg(self):
        with self.assertRaises(KeyError):
            Stages(dims=4)

if __name__ == "__main__":
    unittest.main()
"""
)

TRANSFORMERS = (
    NETS
    + """
torch_device = "cpu"

def floats_tensor(shape): return torch.rand(shape)

@dataclass
class BackboneOutput:
    last_hidden_state: torch.Tensor
    hidden_states: tuple = None

class StagesConfig:
    def __init__(self, depth=3, chans=4): self.depth, self.chans = depth, chans

class StagesModel(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config, self.encoder = config, Stages(config.depth, config.chans)
    def forward(self, pixel_values, return_dict=True):
        return BackboneOutput(self.encoder.forward_features(pixel_values))

class StagesForImageClassification(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.model, self.classifier = StagesModel(config), nn.Linear(config.chans, 2)
    def forward(self, pixel_values, labels=None):
        return self.classifier(self.model(pixel_values).last_hidden_state.flatten(2).mean(-1))

class StagesModelTester:
    def __init__(self, parent, batch_size=2, image_size=32):
        self.parent, self.batch_size, self.image_size = parent, batch_size, image_size
    def prepare_config_and_inputs(self):
        return StagesConfig(), floats_tensor([self.batch_size, 3, self.image_size, self.image_size])
    def prepare_config_and_inputs_for_common(self):
        config, pixel_values = self.prepare_config_and_inputs()
        return config, {"pixel_values": pixel_values}
    def create_and_check_model(self, config, pixel_values):
        model = StagesModel(config=config)
        model.to(torch_device)
        model.eval()
        result = model(pixel_values)
        self.parent.assertEqual(result.last_hidden_state.shape[0], self.batch_size)

class ModelTesterMixin:
    all_model_classes = ()

    @pytest.mark.rf("final rf == {size}", which="all")
    def test_forward_signature(self):
        config, inputs_dict = self.model_tester.prepare_config_and_inputs_for_common()
        for model_class in self.all_model_classes:
            model = model_class(config)
            model.to(torch_device)
            model.eval()
            with torch.no_grad():
                self.assertIsNotNone(model(**inputs_dict))

    @pytest.mark.rf("final rf == {size}", required=False)
    def test_initialization(self):
        config, _ = self.model_tester.prepare_config_and_inputs_for_common()
        for model_class in self.all_model_classes:
            for parameter in model_class(config).parameters():
                self.assertTrue(torch.isfinite(parameter).all())

class StagesModelTest(ModelTesterMixin, unittest.TestCase):
    all_model_classes = (StagesModel, StagesForImageClassification)

    def setUp(self):
        self.model_tester = StagesModelTester(self)

    @pytest.mark.rf("final rf == {size}")
    def test_model(self):
        self.model_tester.create_and_check_model(*self.model_tester.prepare_config_and_inputs())

    @unittest.skip(reason="has no input embeddings")
    def test_inputs_embeds(self): pass
"""
)

BRAINDECODE = (
    NETS
    + """
def set_random_seeds(seed): torch.manual_seed(seed)

class Deep(nn.Sequential):
    def __init__(self, n_chans, n_outputs, n_times):
        super().__init__(
            nn.Conv1d(n_chans, 4, 3, padding=1), nn.ELU(), nn.Conv1d(4, 4, 3, stride=2, padding=1), nn.ELU(),
            nn.Conv1d(4, 4, 3, stride=2, padding=1), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, n_outputs),
        )

@pytest.fixture(scope="module")
def input_sizes():
    return dict(n_channels=6, n_in_times=60, n_classes=2, n_samples=3)

@pytest.fixture
def model(input_sizes):
    return Deep(input_sizes["n_channels"], input_sizes["n_classes"], input_sizes["n_in_times"])

def check_forward_pass(model, input_sizes):
    set_random_seeds(0)
    rng = np.random.RandomState(42)
    X = rng.randn(input_sizes["n_samples"], input_sizes["n_channels"], input_sizes["n_in_times"])
    y_pred = model(torch.Tensor(X.astype(np.float32)))
    assert y_pred.shape == (input_sizes["n_samples"], input_sizes["n_classes"])
    # One sample alone.
    assert model(torch.Tensor(X.astype(np.float32))[:1]).shape[0] == 1

@pytest.mark.rf("final rf == {size}")
def test_deep(input_sizes):
    model = Deep(input_sizes["n_channels"], input_sizes["n_classes"], n_times=input_sizes["n_in_times"])
    check_forward_pass(model, input_sizes)

@pytest.mark.rf("final rf == {size}", model="model", inputs=(1, 6, 60))
def test_from_a_fixture(model): pass

@pytest.mark.rf("final rf == {size}")
@pytest.mark.parametrize("model_class", [Deep], ids=lambda one: one.__name__)
def test_all_models(model_class, input_sizes):
    check_forward_pass(model_class(n_chans=6, n_outputs=2, n_times=60), input_sizes)
"""
)

LIGHTNING = (
    NETS
    + """
class LightningLike(nn.Module):
    "What a loop calls: steps that call the module itself."
    def __init__(self):
        super().__init__()
        self.logged = {}
    def log(self, name, value, **kwargs): self.logged[name] = float(value.detach())
    def __call__(self, *args, **kwargs): return super().__call__(*args, **kwargs)

class BoringModel(LightningLike):
    def __init__(self):
        super().__init__()
        self.net, self.loss = Stages(), nn.CrossEntropyLoss()
    def forward(self, x): return self.net(x)
    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = self.loss(self(x), y)
        self.log("train_loss", loss, prog_bar=True)
        return {"loss": loss}
    def validation_step(self, batch, batch_idx):
        x, y = batch
        self.log("val_loss", self.loss(self(x), y))
    def configure_optimizers(self): return PlainSGD(self.parameters(), lr=0.1)

class PlainSGD:
    def __init__(self, parameters, lr): self.parameters, self.lr = list(parameters), lr
    def zero_grad(self):
        for one in self.parameters: one.grad = None
    @torch.no_grad()
    def step(self):
        for one in self.parameters: one -= self.lr * one.grad

class Trainer:
    def __init__(self, default_root_dir, fast_dev_run=True): pass
    def fit(self, model, batches):
        optimizer = model.configure_optimizers()
        for number, batch in enumerate(batches):
            model.train()
            optimizer.zero_grad()
            model.training_step(batch, number)["loss"].backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            model.validation_step(batches[0], 0)

BATCHES = [(torch.rand(2, 3, 32, 32), torch.tensor([0, 1]))] * 2

@pytest.mark.rf("final rf == {size}")
def test_fit(tmp_path):
    model = BoringModel()
    Trainer(default_root_dir=tmp_path, fast_dev_run=True).fit(model, BATCHES)
    assert set(model.logged) == {"train_loss", "val_loss"}

@pytest.mark.rf("final rf == {size}")
def test_training_step():
    assert BoringModel().training_step(BATCHES[0], 0)["loss"].requires_grad

@pytest.mark.rf("final rf == {size}")
def test_forward():
    assert BoringModel()(BATCHES[0][0]).shape == (2, 5)
"""
)

#: Library -> its test file, and how many of its tests have a marker, none and a skip.
LIBRARIES = {
    "timm": (TIMM, 4, 0, 0),
    "torchvision": (TORCHVISION, 3, 0, 2),
    "monai": (MONAI, 4, 1, 0),
    "transformers": (TRANSFORMERS, 2, 1, 1),
    "braindecode": (BRAINDECODE, 3, 0, 0),
    "lightning": (LIGHTNING, 3, 0, 0),
}

SIZE = 9
"""The field of the nets: 1 + 2·1 + 2·1 + 2·2."""
