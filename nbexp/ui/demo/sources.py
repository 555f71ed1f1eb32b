"""What the demo writes: a notebook with five stages, the helpers it imports, the same work under `joblib.Memory`."""

from __future__ import annotations

#: The notebook's cells: (id, source). The data are scikit-learn's 1,797 handwritten digits, 8 x 8 pixels each.
CELLS = (
    ("setup", "%load_ext nbexp\nimport nbexp"),
    ("parameters", "# parameters\ntrees: int = 100  # in the forest"),
    (
        "imports",
        "import pandas as pd\n"
        "from sklearn.datasets import load_digits\n"
        "from sklearn.ensemble import RandomForestClassifier\n"
        "from sklearn.model_selection import cross_val_predict\n"
        "\n"
        "import helpers",
    ),
    ("data", "%%stage data\ndigits = load_digits(as_frame=True)\nimages, labels = digits.data, digits.target"),
    ("clean", "%%stage clean\nclean = helpers.clip(images)\nclean.shape"),
    (
        "predict",
        "%%stage predict --seed 0\n"
        "forest = RandomForestClassifier(trees)\n"
        "predicted = cross_val_predict(forest, clean, labels, cv=3)",
    ),
    (
        "score",
        "%%stage score\n"
        "accuracy = round(float((predicted == labels).mean()), 4)\n"
        'nbexp.result("accuracy", accuracy)\n'
        'print("accuracy", accuracy)\n'
        'pd.crosstab(labels, predicted, rownames=["digit"], colnames=["predicted"])',
    ),
    ("brightness", '%%stage brightness\nbrightness = helpers.brightness(images)\nprint("brightness", brightness)'),
)

#: The stages in the notebook's order. `SLOW` is the one worth restoring; `SAME` and `OTHER` call the edited helper.
STAGES = ("data", "clean", "predict", "score", "brightness")
SLOW, SAME, OTHER = "predict", "clean", "brightness"

HELPERS = '''\
"""What the notebook calls."""


def highest():
    return 16


def clip(images):
    return images.clip(0, highest())


def brightness(images):
    return round(float((images / highest()).mean().mean()), 4)
'''

#: The edit of chapter 3, as a replacement in `HELPERS`.
EDIT = ("return 16", "return 20")

#: The same call under `joblib.Memory`, which keys on the decorated function's own source and on its arguments.
MEMORY = """\
import joblib
from sklearn.datasets import load_digits

import helpers

memory = joblib.Memory("joblib-cache", verbose=0)


@memory.cache
def brightness(images):
    return helpers.brightness(images)


print(brightness(load_digits(as_frame=True).data))
"""
