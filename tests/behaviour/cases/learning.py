"""What tutorials of scikit-learn and torch do, one stage each: stored, and restored in a new kernel as it was."""

# ruff: noqa: E501
# fmt: off
from __future__ import annotations

import functools

from tests.behaviour.model import looked_at

_SK = """import numpy as np, hashlib
import sklearn, joblib
from sklearn.datasets import *
def h(*a): return [hashlib.md5(np.ascontiguousarray(v).tobytes()).hexdigest()[:8] if not isinstance(v,(float,int,str,list)) else v for v in a]
X, y = load_iris(return_X_y=True)
"""

_FITTED = """import numpy as np
from sklearn.datasets import load_iris
from sklearn.model_selection import RandomizedSearchCV, cross_val_predict
from sklearn.ensemble import HistGradientBoostingClassifier, GradientBoostingClassifier, RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from scipy.stats import randint
from numpy.polynomial import Polynomial
X, y = load_iris(return_X_y=True)
kn = KNeighborsClassifier().fit(X, y)
hb = HistGradientBoostingClassifier(max_iter=3, random_state=0).fit(X, y)
gb = GradientBoostingClassifier(n_estimators=3, random_state=0, warm_start=True).fit(X, y)
rs = RandomizedSearchCV(RandomForestClassifier(n_estimators=3, random_state=0), {'max_depth': randint(1, 4)}, n_iter=2, random_state=0)
pl = Polynomial([1, 2, 3])
iris = load_iris()
rf = RandomForestClassifier(3, random_state=0, warm_start=True).fit(X, y)
"""

_TORCH = """import torch, numpy as np, hashlib
from torch import nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset, Dataset, random_split
torch.manual_seed(0)
Xt = torch.randn(64, 4); yt = (Xt.sum(1) > 0).long()
def h(*a): return [hashlib.md5(v.detach().contiguous().numpy().tobytes()).hexdigest()[:8] if isinstance(v, torch.Tensor) else v for v in a]
class Net(nn.Module):
    def __init__(self, d=8):
        super().__init__()
        self.l1 = nn.Linear(4, d); self.bn = nn.BatchNorm1d(d); self.drop = nn.Dropout(.2); self.l2 = nn.Linear(d, 2)
    def forward(self, x): return self.l2(self.drop(F.relu(self.bn(self.l1(x)))))
hooked = nn.Linear(2, 2); hooked.register_load_state_dict_pre_hook(lambda *a: None)
hf = nn.Linear(2, 2); hf.register_forward_hook(lambda m, i, o: o * 2)
pre = Net(); opt_pre = torch.optim.Adam(pre.parameters())
def train(m, o, n=3):
    hist = []
    for e in range(n):
        o.zero_grad(); l = F.cross_entropy(m(Xt), yt); l.backward(); o.step(); hist.append(l.item())
    return hist
"""


_row = functools.partial(looked_at, "learning", end="\nimport matplotlib.pyplot\nmatplotlib.pyplot.close('all')")

CASES = [
    _row("k-means", _SK, "from sklearn.cluster import KMeans\nkm = KMeans(3, n_init=2, random_state=0).fit(X)", "h(km.labels_, km.predict(X))", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("nearest neighbours", _SK, "from sklearn.neighbors import KNeighborsClassifier\nkn = KNeighborsClassifier().fit(X, y)\ns = kn.score(X, y)", "h(s, kn.predict(X))", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("split", _SK, "from sklearn.model_selection import train_test_split\nXa, Xb, ya, yb = train_test_split(X, y, random_state=0, stratify=y)", "h(Xa, yb)", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("grid search", _SK, "from sklearn.model_selection import GridSearchCV\nfrom sklearn.svm import SVC\ngs = GridSearchCV(SVC(), {'C':[.1,1]}, cv=3).fit(X, y)", "h(gs.best_score_, gs.predict(X))", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("random search", _SK, "from sklearn.model_selection import RandomizedSearchCV\nfrom sklearn.tree import DecisionTreeClassifier\nfrom scipy.stats import randint\nrs = RandomizedSearchCV(DecisionTreeClassifier(random_state=0), {'max_depth': randint(1,5)}, n_iter=3, random_state=0).fit(X, y)", "h(rs.predict(X))", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("halving search", _SK, "from sklearn.experimental import enable_halving_search_cv\nfrom sklearn.model_selection import HalvingGridSearchCV\nfrom sklearn.svm import SVC\nhg = HalvingGridSearchCV(SVC(), {'C':[.1,1]}, random_state=0).fit(X, y)", "h(hg.predict(X))", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("random forest", _SK, "from sklearn.ensemble import RandomForestClassifier\nrf = RandomForestClassifier(10, random_state=0).fit(X, y)\nimp = rf.feature_importances_", "h(rf.predict(X), imp)", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("forest in threads", _SK, "from sklearn.ensemble import RandomForestClassifier\nrfj = RandomForestClassifier(10, random_state=0, n_jobs=2).fit(X, y)", "h(rfj.predict(X))", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("pipeline shown", _SK, "from sklearn.pipeline import make_pipeline\nfrom sklearn.preprocessing import StandardScaler\nfrom sklearn.linear_model import LogisticRegression\npipe = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)\npipe", "h(pipe.predict_proba(X))", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("columns by kind", _SK, "import pandas as pd\nfrom sklearn.compose import ColumnTransformer, make_column_selector\nfrom sklearn.preprocessing import OneHotEncoder, StandardScaler\nfrom sklearn.impute import SimpleImputer\nfrom sklearn.pipeline import Pipeline\ndf = pd.DataFrame({'a':[1.,2.,None],'b':['x','y','x']})\nct = ColumnTransformer([('n', SimpleImputer(), ['a']), ('c', OneHotEncoder(), make_column_selector(dtype_include=object))]).set_output(transform='default')\nt = ct.fit_transform(df)", "h(ct.transform(df))", needs="sklearn matplotlib"),
    _row("histogram boosting", _SK, "from sklearn.ensemble import HistGradientBoostingRegressor\nhb = HistGradientBoostingRegressor(max_iter=10, random_state=0).fit(X, y)", "h(hb.predict(X))", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("ensembles", _SK, "from sklearn.ensemble import GradientBoostingClassifier, AdaBoostClassifier, BaggingClassifier, StackingClassifier, VotingClassifier\nfrom sklearn.linear_model import LogisticRegression\ngb = GradientBoostingClassifier(n_estimators=5, random_state=0).fit(X, y)\nab = AdaBoostClassifier(n_estimators=5, random_state=0).fit(X, y)\nbg = BaggingClassifier(random_state=0).fit(X, y)\nst = StackingClassifier([('a', LogisticRegression(max_iter=1000)), ('b', ab)]).fit(X, y)", "h(gb.predict(X), ab.predict(X), bg.predict(X), st.predict(X))", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("Gaussian process", _SK, "from sklearn.gaussian_process import GaussianProcessRegressor\nfrom sklearn.gaussian_process.kernels import RBF, WhiteKernel\ngp = GaussianProcessRegressor(RBF()+WhiteKernel(), random_state=0).fit(X[:50], y[:50]+.0)\nmu, sd = gp.predict(X, return_std=True)", "h(mu, gp.predict(X))", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("embeddings", _SK, "from sklearn.manifold import TSNE, MDS, Isomap\nemb = TSNE(2, random_state=0, perplexity=5, max_iter=250).fit_transform(X[:50])\niso = Isomap().fit(X)", "h(emb)", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("components", _SK, "from sklearn.decomposition import PCA, NMF, FastICA, TruncatedSVD, LatentDirichletAllocation\npca = PCA(2).fit(X)\nnmf = NMF(2, random_state=0, max_iter=500).fit(X)\nXp = pca.transform(X)", "h(Xp, nmf.transform(X))", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("permutation importance", _SK, "from sklearn.inspection import permutation_importance\nfrom sklearn.linear_model import LogisticRegression\nm = LogisticRegression(max_iter=1000).fit(X, y)\npi = permutation_importance(m, X, y, n_repeats=3, random_state=0)", "h(pi.importances)", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("decision boundary", _SK, "import matplotlib.pyplot as plt\nfrom sklearn.inspection import DecisionBoundaryDisplay\nfrom sklearn.tree import DecisionTreeClassifier\ndt = DecisionTreeClassifier(random_state=0).fit(X[:, :2], y)\ndisp = DecisionBoundaryDisplay.from_estimator(dt, X[:, :2], response_method='predict')\ndisp.ax_.scatter(X[:,0], X[:,1], c=y)", "h(disp.response)", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("partial dependence", _SK, "from sklearn.inspection import PartialDependenceDisplay\nfrom sklearn.ensemble import RandomForestRegressor\npdp = PartialDependenceDisplay.from_estimator(RandomForestRegressor(5, random_state=0).fit(X, y), X, [0, 1, (0, 1)])", "1", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("confusion matrix", _SK, "from sklearn.metrics import *\nfrom sklearn.linear_model import LogisticRegression\np = LogisticRegression(max_iter=1000).fit(X, y).predict(X)\ncm = confusion_matrix(y, p)\ncd = ConfusionMatrixDisplay.from_predictions(y, p)\nrep = classification_report(y, p)\nprint(rep)", "h(cm, rep)", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("ROC curve", _SK, "from sklearn.metrics import RocCurveDisplay, roc_curve\nfrom sklearn.linear_model import LogisticRegression\nrc = RocCurveDisplay.from_estimator(LogisticRegression().fit(X[:100], y[:100]), X[:100], y[:100])", "h(rc.fpr)", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("drawn tree", _SK, "from sklearn.tree import plot_tree, DecisionTreeClassifier, export_text\nimport matplotlib.pyplot as plt\nfig, ax = plt.subplots()\ntt = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X, y)\nann = plot_tree(tt, ax=ax)\ntxt = export_text(tt)", "txt", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("cross validation", _SK, "from sklearn.model_selection import cross_validate, KFold, learning_curve, validation_curve, StratifiedKFold, cross_val_predict\nfrom sklearn.svm import SVC\ncv = cross_validate(SVC(), X, y, cv=KFold(3, shuffle=True, random_state=0), return_estimator=True)\nlc = learning_curve(SVC(), X, y)\ncp = cross_val_predict(SVC(), X, y)", "h(cv['test_score'], cp)", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("made data", _SK, "Xb, yb = make_blobs(random_state=0)\nXm, ym = make_moons(noise=.1, random_state=0)\nXc, yc = make_classification(random_state=0)\nXr, yr = make_regression(random_state=0)\ncirc = make_circles(random_state=0)", "h(Xb, Xm, Xc, Xr, circ[0])", needs="sklearn matplotlib"),
    _row("data sets", _SK, "iris = load_iris(as_frame=True)\ndig = load_digits()\nwine = load_wine()\nbc = load_breast_cancer()\ndiab = load_diabetes()", "h(iris.data.values, dig.images, wine.target)", needs="sklearn matplotlib"),
    _row("texts", _SK, "from sklearn.feature_extraction.text import TfidfVectorizer, CountVectorizer\nfrom sklearn.naive_bayes import MultinomialNB\nv = TfidfVectorizer(stop_words='english')\nT = v.fit_transform(['the cat sat', 'a dog ran', 'cat and dog'])\nnb = MultinomialNB().fit(T, [0,1,0])", "h(v.transform(['cat ran']).toarray(), nb.predict(T))", needs="sklearn matplotlib"),
    _row("perceptron", _SK, "from sklearn.neural_network import MLPClassifier\nmlp = MLPClassifier((5,), max_iter=300, random_state=0, tol=1e-2).fit(X, y)", "h(mlp.predict_proba(X))", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("clusterings", _SK, "from sklearn.cluster import DBSCAN, AgglomerativeClustering, SpectralClustering, MeanShift, OPTICS, HDBSCAN, Birch, MiniBatchKMeans\ndb = DBSCAN().fit(X)\nag = AgglomerativeClustering(3).fit(X)\nsc = SpectralClustering(3, random_state=0).fit(X)\nms = MeanShift().fit(X)\nop = OPTICS().fit(X)\nhd = HDBSCAN().fit(X)\nbi = Birch(n_clusters=3).fit(X)", "h(db.labels_, ag.labels_, sc.labels_, ms.labels_, hd.labels_, bi.labels_)", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("mixtures and outliers", _SK, "from sklearn.mixture import GaussianMixture\nfrom sklearn.covariance import EllipticEnvelope\nfrom sklearn.ensemble import IsolationForest\nfrom sklearn.svm import OneClassSVM\nfrom sklearn.neighbors import LocalOutlierFactor, KernelDensity\ngm = GaussianMixture(3, random_state=0).fit(X)\nif_ = IsolationForest(n_estimators=10, random_state=0).fit(X)\nlo = LocalOutlierFactor(novelty=True).fit(X)\nkd = KernelDensity().fit(X)", "h(gm.predict(X), if_.predict(X), lo.predict(X), kd.score_samples(X))", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("linear models", _SK, "from sklearn.linear_model import *\nfrom sklearn.preprocessing import *\nnp.random.seed(0)\nms = [c.fit(X, y) for c in (LinearRegression(), Ridge(), Lasso(.1), LassoCV(), RidgeCV(), ElasticNet(), SGDRegressor(random_state=0), BayesianRidge(), HuberRegressor(max_iter=1000), QuantileRegressor(), Lars(), RANSACRegressor(random_state=0), TheilSenRegressor(random_state=0, max_subpopulation=100), PoissonRegressor())]", "h(*[q.predict(X) for q in ms])", needs="sklearn matplotlib"),
    _row("calibration and selection", _SK, "from sklearn.calibration import CalibratedClassifierCV, CalibrationDisplay\nfrom sklearn.svm import LinearSVC\nfrom sklearn.feature_selection import SelectKBest, RFE, f_classif, RFECV, SequentialFeatureSelector\nfrom sklearn.linear_model import LogisticRegression\ncc = CalibratedClassifierCV(LinearSVC(random_state=0)).fit(X, y)\nsel = SelectKBest(f_classif, k=2).fit(X, y)\nrfe = RFE(LogisticRegression(max_iter=1000)).fit(X, y)", "h(cc.predict(X), sel.transform(X), rfe.transform(X))", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("transformers", _SK, "from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures, SplineTransformer, KBinsDiscretizer, QuantileTransformer, PowerTransformer\nft = FunctionTransformer(np.log1p).fit(X)\nft2 = FunctionTransformer(lambda v: v*2).fit(X)\nsp = SplineTransformer().fit(X)\npt = PowerTransformer().fit(X)", "h(ft2.transform(X), sp.transform(X), pt.transform(X))", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("an estimator of the notebook", _SK, "from sklearn.base import BaseEstimator, TransformerMixin\nclass Twice(BaseEstimator, TransformerMixin):\n    def __init__(self, k=2): self.k = k\n    def fit(self, X, y=None): self.n_ = 1; return self\n    def transform(self, X): return X * self.k\nfrom sklearn.pipeline import make_pipeline\nfrom sklearn.linear_model import Ridge\ntw = make_pipeline(Twice(3), Ridge()).fit(X, y)", "h(tw.predict(X))", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("a scorer", _SK, "from sklearn.metrics import make_scorer, mean_squared_error\nfrom sklearn.model_selection import cross_val_score\nfrom sklearn.linear_model import Ridge\nsc = make_scorer(mean_squared_error, greater_is_better=False)\nv = cross_val_score(Ridge(), X, y, scoring=sc)", "h(v)", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("kernels", _SK, "from sklearn.decomposition import KernelPCA\nfrom sklearn.kernel_approximation import Nystroem, RBFSampler\nfrom sklearn.random_projection import GaussianRandomProjection\nkp = KernelPCA(2, kernel='rbf', fit_inverse_transform=True).fit(X)\nny = Nystroem(random_state=0, n_components=10).fit(X)", "h(kp.transform(X), ny.transform(X))", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("imputers", _SK, "from sklearn.experimental import enable_iterative_imputer\nfrom sklearn.impute import IterativeImputer, KNNImputer\nii = IterativeImputer(random_state=0).fit(X)\nki = KNNImputer().fit(X)", "h(ii.transform(X), ki.transform(X))", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("several classes", _SK, "from sklearn.multiclass import OneVsRestClassifier\nfrom sklearn.multioutput import MultiOutputRegressor\nfrom sklearn.svm import SVC\nfrom sklearn.linear_model import Ridge\nfrom sklearn.discriminant_analysis import *\no = OneVsRestClassifier(SVC(probability=True, random_state=0)).fit(X, y)\nmo = MultiOutputRegressor(Ridge()).fit(X, X)\nlda = LinearDiscriminantAnalysis().fit(X, y)\nqda = QuadraticDiscriminantAnalysis().fit(X, y)", "h(o.predict(X), mo.predict(X), lda.predict(X), qda.predict(X))", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("a warning", _SK, "from sklearn.linear_model import LogisticRegression\nlw = LogisticRegression(max_iter=1).fit(X, y)", "h(lw.predict(X))", "X = X + 1e-3", needs="sklearn matplotlib"),
    _row("neighbours fitted again", _FITTED, "kn.fit(X[:100], y[:100])\nNone", "kn.predict(X).tolist()", "X = X + 1e-3", needs="sklearn"),
    _row("boosting fitted again", _FITTED, "hb.fit(X[:100], y[:100])\nNone", "hb.predict(X).tolist()", "X = X + 1e-3", needs="sklearn"),
    _row("boosting goes on", _FITTED, "gb.set_params(n_estimators=5).fit(X, y)\nNone", "gb.predict(X).tolist()", "X = X + 1e-3", needs="sklearn"),
    _row("search in place", _FITTED, "rs.fit(X, y)\nNone", "rs.best_params_", "X = X + 1e-3", needs="sklearn"),
    _row("bunch in place", _FITTED, "iris.extra = 1\niris.data[0] = 0\nNone", "iris.extra, iris.data.sum()", needs="sklearn"),
    _row("forest goes on", _FITTED, "rf.set_params(n_estimators=4).fit(X, y)\nNone", "rf.predict(X).tolist()", "X = X + 1e-3", needs="sklearn"),
    _row("asked only", _FITTED, "s = kn.score(X, y)\np = cross_val_predict(hb, X, y, cv=2)", "s, p.sum()", "X = X + 1e-3", needs="sklearn"),
    _row("a hook on loading", _TORCH, "hooked.eval(); None", "hooked.training", needs="torch"),
    _row("a forward hook", _TORCH, "hf.eval(); None", "h(hf(torch.ones(2)))[0] is not None, hf.training", needs="torch"),
    _row("training loop", _TORCH, "torch.manual_seed(1)\nmodel = Net()\nopt = torch.optim.SGD(model.parameters(), lr=.1, momentum=.9)\nhist = train(model, opt)\nmodel.eval()", "h(model(Xt), *hist)", needs="torch"),
    _row("training in place", _TORCH, "hist2 = train(pre, opt_pre)", "h(*pre.parameters(), *hist2)", needs="torch"),
    _row("data loader", _TORCH, "ds = TensorDataset(Xt, yt)\ndl = DataLoader(ds, batch_size=16, shuffle=True, generator=torch.Generator().manual_seed(0))\ntr, va = random_split(ds, [50, 14], generator=torch.Generator().manual_seed(0))\ntot = sum(x.sum().item() for x, _ in dl)", "tot, len(tr), h(va[0][0])", "Xt = Xt + 1e-3", needs="torch"),
    _row("training by batches", _TORCH, "torch.manual_seed(2)\nm2 = Net()\no2 = torch.optim.AdamW(m2.parameters())\nfor e in range(2):\n    for xb, yb in DataLoader(TensorDataset(Xt, yt), 16, shuffle=True):\n        o2.zero_grad(); loss = F.cross_entropy(m2(xb), yb); loss.backward(); o2.step()\n    print(e, loss.item())", "h(loss, *m2.parameters())", "Xt = Xt + 1e-3", needs="torch"),
    _row("data set of the notebook", _TORCH, "class DS(Dataset):\n    def __init__(self, n): self.n = n\n    def __len__(self): return self.n\n    def __getitem__(self, i): return torch.tensor([i*1.])\nds2 = DS(5)\nb = torch.cat(list(DataLoader(ds2, 2)))", "h(b), len(ds2)", needs="torch"),
    _row("schedulers", _TORCH, "torch.manual_seed(3)\nm3 = Net()\no3 = torch.optim.SGD(m3.parameters(), lr=.1)\ns3 = [torch.optim.lr_scheduler.StepLR(o3, 1), torch.optim.lr_scheduler.CosineAnnealingLR(o3, 10)]\nlrs = []\nfor e in range(3):\n    train(m3, o3, 1)\n    for q in s3: q.step()\n    lrs.append(o3.param_groups[0]['lr'])", "lrs, s3[0].get_last_lr()", needs="torch"),
    _row("more schedulers", _TORCH, "torch.manual_seed(3)\nm4 = Net()\no4 = torch.optim.Adam(m4.parameters())\nplat = torch.optim.lr_scheduler.ReduceLROnPlateau(o4)\nplat.step(1.)\nlam = torch.optim.lr_scheduler.LambdaLR(o4, lambda e: .9**e)\none = torch.optim.lr_scheduler.OneCycleLR(o4, .1, total_steps=10)\nseq = torch.optim.lr_scheduler.SequentialLR(o4, [torch.optim.lr_scheduler.ConstantLR(o4), torch.optim.lr_scheduler.ExponentialLR(o4, .9)], [2])\nswa = torch.optim.swa_utils.AveragedModel(m4)\nswa.update_parameters(m4)", "lam.get_last_lr(), seq.last_epoch, h(*swa.parameters())", needs="torch"),
    _row("state", _TORCH, "torch.manual_seed(4)\nm5 = Net()\nsd = m5.state_dict()\nm6 = Net()\nm6.load_state_dict(sd)", "h(*sd.values(), *m6.parameters())", needs="torch"),
    _row("copies of the state", _TORCH, "import copy\ntorch.manual_seed(4)\nm7 = Net()\nbest = copy.deepcopy(m7.state_dict())\nclone = {k: v.clone() for k, v in m7.state_dict().items()}", "h(*best.values())", needs="torch"),
    _row("layers", _TORCH, "torch.manual_seed(5)\nsq = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 2))\nout = sq(torch.ones(1,1,4,4))\nnn.init.xavier_uniform_(sq[3].weight)", "h(out, *sq.parameters())", needs="torch"),
    _row("recurrent layers", _TORCH, "torch.manual_seed(5)\nrnn = nn.LSTM(4, 3, batch_first=True, num_layers=2)\ntf = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, batch_first=True), 1)\ngru = nn.GRU(4, 3)\nmh = nn.MultiheadAttention(4, 2)\nemb = nn.Embedding(10, 4)", "h(rnn(Xt[:, None])[0], *emb.parameters())", needs="torch"),
    _row("gradients", _TORCH, "x = torch.ones(2, requires_grad=True)\ny = (x**2).sum()\ny.backward()\ng = x.grad\nw = torch.nn.Parameter(torch.zeros(3))", "h(g, x), x.requires_grad, float(y.detach())", needs="torch"),
    _row("without gradients", _TORCH, "with torch.no_grad():\n    acc = (pre(Xt).argmax(1) == yt).float().mean().item()\npreds = pre(Xt).detach().numpy()", "acc, preds.sum()", "Xt = Xt + 1e-3", needs="torch"),
    _row("distributions", _TORCH, "d = torch.distributions.Normal(0., 1.)\ntorch.manual_seed(0)\ns = d.sample((3,))\nlp = d.log_prob(s)\nmvn = torch.distributions.MultivariateNormal(torch.zeros(2), torch.eye(2))\ncat = torch.distributions.Categorical(torch.ones(3))", "h(s, lp, mvn.covariance_matrix)", needs="torch"),
    _row("functions of functions", _TORCH, "from torch.func import vmap, grad, functional_call\nff = grad(lambda x: (x**2).sum())\nr = ff(torch.ones(3))\njac = torch.autograd.functional.jacobian(lambda x: x**2, torch.ones(2))", "h(r, jac)", needs="torch"),
    _row("losses", _TORCH, "crit = nn.CrossEntropyLoss(weight=torch.ones(2))\nmse = nn.MSELoss()\nlv = crit(torch.ones(2,2), torch.tensor([0,1]))", "h(lv)", needs="torch"),
    _row("a closure", _TORCH, "torch.manual_seed(0)\nml = nn.Linear(2, 1)\nol = torch.optim.LBFGS(ml.parameters())\ndef closure():\n    ol.zero_grad(); l = ml(torch.ones(3,2)).pow(2).sum(); l.backward(); return l\nol.step(closure)", "h(*ml.parameters())", needs="torch"),
    _row("early stopping", _TORCH, "class EarlyStopping:\n    def __init__(self, p=3): self.p, self.best, self.n = p, None, 0\n    def __call__(self, v):\n        if self.best is None or v < self.best: self.best, self.n = v, 0\n        else: self.n += 1\n        return self.n >= self.p\nes = EarlyStopping()\nfor v in [3,2,2,2,2]: stop = es(v)", "es.best, stop", needs="torch"),
    _row("what a hook saw", _TORCH, "acts = {}\ndef save(name):\n    def f(m, i, o): acts[name] = o.detach()\n    return f\nma = Net()\nha = ma.l1.register_forward_hook(save('l1'))\nma(Xt).sum().item()\nha.remove()", "sorted(acts)", "Xt = Xt + 1e-3", needs="torch"),
    _row("a hook that stays", _TORCH, "acts3 = {}\nmb = Net()\nmb.l1.register_forward_hook(lambda m, i, o: acts3.update(l1=o.detach()))\nmb(Xt).sum().item()", "len(mb.l1._forward_hooks)", "Xt = Xt + 1e-3", needs="torch"),
    _row("parameters listed", _TORCH, "n = sum(p.numel() for p in pre.parameters())\nfor name, p in pre.named_parameters(): print(name, tuple(p.shape))", "n", needs="torch"),
    _row("checkpoint", _TORCH, "import io\nck = {'model': pre.state_dict(), 'opt': opt_pre.state_dict(), 'epoch': 3}", "h(*ck['model'].values()), ck['epoch']", needs="torch"),
]
