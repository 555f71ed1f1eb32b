"""What tutorials of numpy, scipy, pandas and plotly do, one stage each: stored, and restored in a new kernel as it was."""

# ruff: noqa: E501
# fmt: off
from __future__ import annotations

import functools

from tests.behaviour.model import looked_at

_SCIPY = """import numpy as np, pandas as pd, scipy, io, hashlib
from scipy import *
x = np.linspace(0, 6, 40); rng = np.random.default_rng(0); D = rng.normal(size=(40, 3)); y = np.sin(x) + rng.normal(size=40)*.1
"""

_PLOTLY = """import numpy as np, pandas as pd
import plotly.express as px, plotly.graph_objects as go
from plotly.subplots import make_subplots
df = pd.DataFrame({'a':[1,2,3],'b':[4,5,6],'c':['x','y','x']})
import plotly.io as pio
"""


_row = functools.partial(looked_at, "numbers")

CASES = [
    _row("minimum shown", _SCIPY, "from scipy.optimize import minimize, rosen\nres = minimize(rosen, [1.3, .7], method='BFGS')\nres", "res.x, res.fun", needs="scipy pandas"),
    _row("bounds", _SCIPY, "from scipy.optimize import minimize, rosen, Bounds, LinearConstraint\nres2 = minimize(rosen, [1.3, .7], method='L-BFGS-B', bounds=Bounds([0,0],[2,2]))", "res2.x, res2.hess_inv.todense()", needs="scipy pandas"),
    _row("curve fit", _SCIPY, "from scipy.optimize import curve_fit\ndef f(x, a, b): return a*np.sin(b*x)\npopt, pcov = curve_fit(f, x, y)", "popt, pcov", "x = x * (1 + 1e-9)", needs="scipy pandas"),
    _row("roots and programs", _SCIPY, "from scipy.optimize import root, brentq, least_squares, linprog, differential_evolution, root_scalar\nr1 = root(lambda v: v**2-2, 1.)\nr2 = brentq(lambda v: v**2-2, 0, 2)\nr3 = least_squares(lambda p: p[0]*x-y, [1.])\nr4 = linprog([1,2], A_ub=[[-1,-1]], b_ub=[-1])\nr5 = differential_evolution(lambda v: (v**2).sum(), [(-1,1)], seed=0)\nr6 = root_scalar(lambda v: v**2-2, bracket=[0,2])", "r1.x, r2, r3.x, r4.x, r5.x, r6.root", needs="scipy pandas"),
    _row("tests", _SCIPY, "from scipy import stats\nt = stats.ttest_ind(D[:,0], D[:,1])\nks = stats.kstest(D[:,0], 'norm')\nlr = stats.linregress(x, y)\npr = stats.pearsonr(x, y)\nan = stats.f_oneway(*D.T)\nch = stats.chi2_contingency([[10,20],[30,40]])\nsh = stats.shapiro(D[:,0])\nmw = stats.mannwhitneyu(D[:,0], D[:,1])\nsp = stats.spearmanr(x, y)\nwi = stats.wilcoxon(D[:,0])", "t.pvalue, ks.pvalue, lr.slope, pr.statistic, pr.confidence_interval(), an, ch.pvalue, sh.pvalue", "D = D + 1e-3", needs="scipy pandas"),
    _row("distributions", _SCIPY, "nd = stats.norm(1, 2)\ngd = stats.gamma.fit(np.abs(D[:,0]))\npd_ = stats.poisson(3)\nv = nd.rvs(3, random_state=0)\nmv = stats.multivariate_normal([0,0], np.eye(2))\nbeta = stats.beta(2,3)", "nd.pdf(0), gd, pd_.pmf(2), mv.pdf([0,0])", "D = D + 1e-3", needs="scipy pandas"),
    _row("densities and resampling", _SCIPY, "kde = stats.gaussian_kde(D[:,0])\ndens = kde(x)\nec = stats.ecdf(D[:,0])\nbs = stats.bootstrap((D[:,0],), np.mean, random_state=0, n_resamples=99)\npt = stats.permutation_test((D[:,0], D[:,1]), lambda a, b: a.mean()-b.mean(), n_resamples=99, random_state=0)", "dens.sum(), bs.confidence_interval, pt.pvalue, kde(0.)", "D = D + 1e-3", needs="scipy pandas"),
    _row("sparse matrices", _SCIPY, "from scipy import sparse\nA = sparse.random(10, 10, .2, random_state=0)\nB = A.tocsr() + sparse.eye(10)\nC = sparse.lil_matrix((3,3))\nC[0,1] = 2\nd = sparse.dok_matrix((3,3))\nd[1,1] = 3\ndi = sparse.diags([1,2,3])\nca = sparse.csr_array(np.eye(3))\nbm = sparse.bmat([[A, None],[None, A]])", "A.toarray().sum(), B.toarray(), C.toarray(), d.toarray(), bm.shape", needs="scipy pandas"),
    _row("linear operator", _SCIPY, "from scipy.sparse import linalg as sl\nlo = sl.LinearOperator((3,3), matvec=lambda v: v*2)\nw = lo @ np.ones(3)\nalo = sl.aslinearoperator(np.eye(3))", "w, lo @ np.ones(3)", needs="scipy pandas"),
    _row("interpolation", _SCIPY, "from scipy.interpolate import *\nf1 = interp1d(x, y)\ncs = CubicSpline(x, y)\npch = PchipInterpolator(x, y)\nak = Akima1DInterpolator(x, y)\ntck = splrep(x, y)\nbsp = make_interp_spline(x, y)", "f1(1.), cs(1.), pch(1.), splev(1., tck), bsp(1.), cs.derivative()(1.)", "x = x * (1 + 1e-9)", needs="scipy pandas"),
    _row("interpolation of points", _SCIPY, "from scipy.interpolate import *\nrg = RegularGridInterpolator((x, x), np.outer(x, x))\nln = LinearNDInterpolator(D[:,:2], D[:,2])\nnn = NearestNDInterpolator(D[:,:2], D[:,2])\nrbf = RBFInterpolator(D[:,:2], D[:,2])\nct = CloughTocher2DInterpolator(D[:,:2], D[:,2])\nrbs = RectBivariateSpline(x, x, np.outer(x, x))", "rg((1,1)), ln(0,0), nn(0,0), rbf([[0,0]]), ct(0,0), rbs(1,1)", "D = D + 1e-3", needs="scipy pandas"),
    _row("signals", _SCIPY, "from scipy import signal\nb, a = signal.butter(3, .2)\nsos = signal.butter(3, .2, output='sos')\ny2 = signal.filtfilt(b, a, y)\npk, props = signal.find_peaks(y)\nff, pp = signal.welch(y)\nsys_ = signal.TransferFunction([1], [1, 1])\ntt, yy = signal.step(sys_)\nwv = signal.windows.hann(8)\nsg = signal.savgol_filter(y, 5, 2)\nst = signal.ShortTimeFFT(np.hanning(8), 2, 1.)\nss = signal.lti([1],[1,2])", "y2, pk, pp.sum(), yy.sum()", needs="scipy pandas"),
    _row("Fourier", _SCIPY, "from scipy import fft\nF = fft.fft(y)\nfr = fft.rfftfreq(40)\nN = np.fft.fft2(D)", "abs(F).sum()", "D = D + 1e-3", needs="scipy pandas"),
    _row("integration", _SCIPY, "from scipy.integrate import solve_ivp, quad, odeint, trapezoid\ns = solve_ivp(lambda t, y: -y, (0, 2), [1.], dense_output=True)\nq = quad(np.sin, 0, 1)\no = odeint(lambda y, t: -y, 1., x)", "s.y, s.sol(1.), q, o.sum()", "x = x * (1 + 1e-9)", needs="scipy pandas"),
    _row("points in space", _SCIPY, "from scipy.spatial import KDTree, cKDTree, ConvexHull, Delaunay, Voronoi, distance\nkt = KDTree(D)\nck = cKDTree(D)\nhu = ConvexHull(D)\nde = Delaunay(D[:,:2])\nvo = Voronoi(D[:,:2])\ndm = distance.cdist(D, D)", "kt.query(D[0]), hu.volume, de.simplices.sum(), vo.vertices.sum(), de.find_simplex([0,0])", "D = D + 1e-3", needs="scipy pandas"),
    _row("rotations", _SCIPY, "from scipy.spatial.transform import Rotation, Slerp\nR = Rotation.from_euler('z', 90, degrees=True)\nRs = Rotation.random(3, random_state=0)", "R.as_matrix(), Rs.as_quat()", needs="scipy pandas"),
    _row("hierarchy", _SCIPY, "from scipy.cluster.hierarchy import linkage, dendrogram, fcluster, to_tree\nL = linkage(D)\nfc = fcluster(L, 2, 'maxclust')\ndg = dendrogram(L, no_plot=True)\ntr = to_tree(L)", "L.sum(), fc, dg['leaves'], tr.get_count()", "D = D + 1e-3", needs="scipy pandas"),
    _row("decompositions", _SCIPY, "from scipy import linalg\nlu_ = linalg.lu_factor(D[:3])\nU, s, V = np.linalg.svd(D)\nev = np.linalg.eigh(D.T@D)\nqr = np.linalg.qr(D)\nch = linalg.cho_factor(D.T@D)", "ev.eigenvalues, s", "D = D + 1e-3", needs="scipy pandas"),
    _row("images", _SCIPY, "from scipy import ndimage\ng = ndimage.gaussian_filter(D, 1)\nlab, n = ndimage.label(D > 0)", "g.sum(), n", "D = D + 1e-3", needs="scipy pandas"),
    _row("polynomials", _SCIPY, "p = np.polyfit(x, y, 2)\nP = np.polynomial.Polynomial.fit(x, y, 2)\np1 = np.poly1d(p)\nch = np.polynomial.Chebyshev([1,2,3])", "p, P(1.), p1(1.), ch(0.5)", "x = x * (1 + 1e-9)", needs="scipy pandas"),
    _row("kinds of arrays", _SCIPY, "ma = np.ma.masked_array([1,2,3], [0,1,0])\nrec = np.array([(1,'a')], dtype=[('n','i4'),('s','U3')])\nra = rec.view(np.recarray)\nvec = np.vectorize(lambda v: v*2)\nmg = np.meshgrid(x, x)\ndt = np.arange('2020-01', '2020-03', dtype='datetime64[D]')\nst = np.array(['a','b'], dtype=object)\nix = np.ix_([0],[1])\nmm = np.matrix('1 2; 3 4')\nit = np.nditer(x)\ndel it\nsv = np.array(['ab'], dtype=np.dtypes.StringDType())", "ma.sum(), rec['n'], ra.s, vec([1,2]), mm*mm, sv", "x = x * (1 + 1e-9)", needs="scipy pandas"),
    _row("generators", _SCIPY, "r = np.random.default_rng(3)\na = r.normal(size=3)\nr2 = np.random.RandomState(0)\nb = r2.rand(2)\nch = r.spawn(2)\nss = np.random.SeedSequence(5).spawn(2)", "a, b, r.bit_generator.state, r2.get_state(), ch[0].bit_generator.state", needs="scipy pandas"),
    _row("seeds", _SCIPY, "np.random.seed(0)\nz = np.random.randn(3)\nimport random\nrandom.seed(1)\nzz = random.random()", "z, zz", needs="scipy pandas"),
    _row("groups", _SCIPY, "df = pd.DataFrame(D, columns=list('abc')).assign(k=np.arange(40)%3)\ng = df.groupby('k')\nm = g.mean()\nag = g.agg(lo=('a','min'), hi=('b','max'))\nag", "m.values.sum(), g.size().tolist()", "D = D + 1e-3", needs="scipy pandas pyarrow"),
    _row("pivot tables", _SCIPY, "df = pd.DataFrame({'a':list('xyxy'),'b':list('ppqq'),'v':range(4)})\npv = df.pivot_table(index='a', columns='b', values='v')\nml = df.melt()\ncat = df.astype({'a':'category'})\nct = pd.crosstab(df.a, df.b)\nmi = df.set_index(['a','b']).unstack()\nmi", "pv, ml, cat.dtypes.tolist(), ct", needs="scipy pandas pyarrow"),
    _row("times", _SCIPY, "ts = pd.Series(range(40), index=pd.date_range('2020', periods=40, tz='UTC'))\nrs = ts.resample('W').mean()\nro = ts.rolling(3).mean()\nper = ts.tz_localize(None).to_period('M')\new = ts.ewm(span=3).mean()\nrw = ts.rolling(3)\ntd = pd.Timedelta('1h')\nof = pd.offsets.BDay(2)", "rs.sum(), ro.sum(), per.index[0], rw.sum().sum(), td, of", needs="scipy pandas pyarrow"),
    _row("joins shown with style", _SCIPY, "l = pd.DataFrame({'k':[1,2],'a':[3,4]})\nr = pd.DataFrame({'k':[2,3],'b':[5,6]})\nmg = l.merge(r, how='outer', indicator=True)\ncc = pd.concat([l, r], keys=['x','y'])\nmg.style", "mg.values.tolist(), cc.index.tolist()", needs="scipy pandas pyarrow jinja2"),
    _row("read and described", _SCIPY, "from io import StringIO\ndf = pd.read_csv(StringIO('a,b\\n1,x\\n2,y'), parse_dates=False)\ndf.info()\ndf.describe(include='all')", "df.shape", needs="scipy pandas pyarrow"),
    _row("parquet", _SCIPY, "df = pd.DataFrame(D, columns=list('abc'))\ndf.to_parquet('o.parquet')\nback = pd.read_parquet('o.parquet')", "back.values.sum()", "D = D + 1e-3", needs="scipy pandas pyarrow"),
    _row("frame set piece by piece", _SCIPY, "df0 = pd.DataFrame(D, columns=list('abc'))\ndf0['d'] = df0.a * 2\ndf0.loc[0, 'a'] = 5\ndf0.columns.name = 'n'\ndf0.attrs['x'] = 1", "df0.values.sum(), df0.attrs", "D = D + 1e-3", needs="scipy pandas pyarrow"),
    _row("kinds of columns", _SCIPY, "df = pd.DataFrame({'i':pd.array([1,None],dtype='Int64'),'s':pd.array(['a',None],dtype='string'),'b':pd.array([True,None],dtype='boolean'),'iv':pd.interval_range(0,2)})\ncu = pd.cut(x, 3)\nqc, bins = pd.qcut(x, 4, retbins=True)\nsp = pd.arrays.SparseArray([0,0,1])\nar = pd.array(['a'], dtype='string[pyarrow]')", "df.dtypes.tolist(), cu.categories, bins", "x = x * (1 + 1e-9)", needs="scipy pandas pyarrow"),
    _row("rows and queries", _SCIPY, "df = pd.DataFrame(D)\nap = df.apply(lambda r: r.sum(), axis=1)\nex = df.eval('s = `0` + 1' if False else 'index')\nq = df.rename(columns=str).query('index > 3')\nl = df.to_dict('records')\nit = [r for r in df.itertuples()]", "ap.sum(), q.shape, it[0]", "D = D + 1e-3", needs="scipy pandas pyarrow"),
    _row("indexers", _SCIPY, "df = pd.DataFrame(D)\nlc = df.loc\ngb = df.groupby(df.index % 2)[0]\nstr_ = pd.Series(['a','b']).str\ndt_ = pd.Series(pd.date_range('2020', periods=2)).dt\nex = df.expanding()", "lc[0].sum(), gb.sum().tolist(), str_.upper().tolist(), dt_.year.tolist()", "D = D + 1e-3", needs="scipy pandas pyarrow"),
    _row("options", _SCIPY, "pd.set_option('display.max_rows', 7)\nnp.set_printoptions(precision=3)\ndf = pd.DataFrame(D)\ndf", "pd.get_option('display.max_rows'), str(x[:3])", "D = D + 1e-3", needs="scipy pandas pyarrow"),
    _row("data base in memory", _SCIPY, "import sqlite3\ncon = sqlite3.connect(':memory:')\npd.DataFrame(D, columns=list('abc')).to_sql('t', con)\nback = pd.read_sql('select count(*) c from t', con)\ncon.close()\ndel con", "back.c[0]", "D = D + 1e-3", needs="scipy pandas pyarrow"),
    _row("plain Python", _SCIPY, "import collections, itertools, functools, re, json, datetime, pathlib, dataclasses, enum, typing, logging, decimal\nlog = logging.getLogger('a')\nc = collections.Counter('abca')\ndd = collections.defaultdict(list)\ndd[1].append(2)\nPt = collections.namedtuple('Pt', 'x y')\np = Pt(1, 2)\n@dataclasses.dataclass\nclass Conf:\n    lr: float = .1\nclass Col(enum.Enum):\n    R = 1\n@functools.lru_cache\ndef fib(n): return n if n < 2 else fib(n-1) + fib(n-2)\nv = fib(10)\npat = re.compile('a+')\npth = pathlib.Path('.')\ncf = Conf()\nco = Col.R\nch = list(itertools.product('ab', repeat=2))", "c, dd, p, cf, co, v, fib(11), pat.findall('aab')", needs="scipy pandas pyarrow"),
    _row("scatter", _PLOTLY, "fig = px.scatter(df, x='a', y='b', color='c')\nfig", "fig.to_json()", "df.loc[0, 'a'] = 7", needs="plotly pandas"),
    _row("line", _PLOTLY, "fig = px.line(df, x='a', y='b')\nfig.update_layout(title='t')\nfig.show()", "fig.to_json()", "df.loc[0, 'a'] = 7", needs="plotly pandas"),
    _row("hist", _PLOTLY, "fig = px.histogram(df, x='a', marginal='box')", "fig.to_json()", "df.loc[0, 'a'] = 7", needs="plotly pandas"),
    _row("go", _PLOTLY, "fig = go.Figure(go.Scatter(x=[1,2], y=[3,4]))\nfig.add_trace(go.Bar(x=[1], y=[2]))\nfig.add_hline(y=1)\nfig.add_vrect(0, 1)", "fig.to_json()", needs="plotly pandas"),
    _row("subplots", _PLOTLY, "fig = make_subplots(2, 2, specs=[[{}, {'type':'polar'}],[{'colspan':2}, None]])\nfig.add_trace(go.Scatter(y=[1]), row=1, col=1)", "fig.to_json()", needs="plotly pandas"),
    _row("surface", _PLOTLY, "fig = go.Figure(go.Surface(z=np.eye(5)))", "fig.to_json()", needs="plotly pandas"),
    _row("anim", _PLOTLY, "fig = px.scatter(df, x='a', y='b', animation_frame='c')", "fig.to_json()", "df.loc[0, 'a'] = 7", needs="plotly pandas"),
    _row("facet", _PLOTLY, "fig = px.bar(df, x='a', y='b', facet_col='c')\nfig.for_each_annotation(lambda a: a.update(text='k'))", "fig.to_json()", "df.loc[0, 'a'] = 7", needs="plotly pandas"),
    _row("heat", _PLOTLY, "fig = px.imshow(np.eye(4), text_auto=True)", "fig.to_json()", needs="plotly pandas"),
    _row("pie", _PLOTLY, "fig = px.pie(df, values='a', names='c')\nfig.write_html('p.html')", "fig.to_json()", "df.loc[0, 'a'] = 7", needs="plotly pandas"),
    _row("tmpl", _PLOTLY, "fig = px.box(df, y='a', template='plotly_dark')\npio.templates.default = 'plotly_white'", "fig.to_json()", "df.loc[0, 'a'] = 7", needs="plotly pandas"),
    _row("sun", _PLOTLY, "fig = px.sunburst(df, path=['c'], values='a')", "fig.to_json()", "df.loc[0, 'a'] = 7", needs="plotly pandas"),
    _row("polar", _PLOTLY, "fig = px.scatter_3d(df, x='a', y='b', z='b')", "fig.to_json()", "df.loc[0, 'a'] = 7", needs="plotly pandas"),
]
