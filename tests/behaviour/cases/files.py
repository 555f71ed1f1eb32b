"""Files read, results written, and what keeps a stage from being stored."""

# ruff: noqa: E501
from __future__ import annotations

from tests.behaviour.model import (
    HIT,
    MISS,
    OTHER,
    RAN,
    RESTORED,
    UNSTORED,
    case,
    cell,
    final,
    remove,
    restart,
    stage,
    write,
)

_C = "files"
_READ = "with open('data.txt') as f:\n    y = f.read()"

CASES = [
    case("unchanged file", _C, HIT, write("data.txt", "a"), stage(_READ, RAN), restart(), stage(_READ, RESTORED), final("y", "a")),
    case("touched file", _C, HIT, write("data.txt", "a"), stage(_READ, RAN), restart(), write("data.txt", "a"), stage(_READ, RESTORED)),
    case("changed file", _C, MISS, write("data.txt", "a"), stage(_READ, RAN), restart(), write("data.txt", "b"),
         stage(_READ, RAN, why="file data.txt changed"), final("y", "b")),
    case("changed back", _C, HIT, write("data.txt", "a"), stage(_READ, RAN), write("data.txt", "b"), stage(_READ, RAN),
         write("data.txt", "a"), stage(_READ, RESTORED), final("y", "a")),
    *(
        case(f"{size}, time of change put back", _C, MISS, write("data.txt", "aa"), cell("import os, time\nt = os.stat('data.txt').st_mtime_ns - 10**10\nos.utime('data.txt', ns=(t, t))"), stage(_READ, RAN), stage(_READ, RESTORED),
             cell(f"with open('data.txt', 'w') as f:\n    f.write({text!r})\nos.utime('data.txt', ns=(t, t))"), stage(_READ, RAN), final("y", text))
        for size, text in (("same size", "bb"), ("another size", "bbb"))
    ),
    case("file removed", _C, MISS, write("data.txt", "a"), stage(_READ, RAN), restart(), remove("data.txt"),
         stage(_READ, "failed", error="FileNotFoundError")),
    case("file read by a helper", _C, MISS, write("data.txt", "a"), cell("def f():\n    return open('data.txt').read()"), stage("y = f()", RAN),
         restart(), write("data.txt", "b"), cell("def f():\n    return open('data.txt').read()"), stage("y = f()", RAN), final("y", "b")),
    case("other working directory with the same file", _C, HIT, write("data.txt", "a"), write("sub/data.txt", "a"), stage(_READ, RAN),
         restart("sub"), stage(_READ, RESTORED)),
    case("other working directory with another file", _C, MISS, write("data.txt", "a"), write("sub/data.txt", "b"), stage(_READ, RAN),
         restart("sub"), stage(_READ, RAN), final("y", "b")),
    case("pandas reads csv", _C, MISS, write("d.csv", "a\n1\n"), cell("import pandas as pd"), stage("df = pd.read_csv('d.csv')", RAN), restart(),
         write("d.csv", "a\n2\n"), cell("import pandas as pd"), stage("df = pd.read_csv('d.csv')", RAN), final("int(df.a[0])", 2), needs="pandas"),
    case("pandas reads the same csv", _C, HIT, write("d.csv", "a\n1\n"), cell("import pandas as pd"), stage("df = pd.read_csv('d.csv')", RAN), restart(),
         cell("import pandas as pd"), stage("df = pd.read_csv('d.csv')", RESTORED), final("int(df.a[0])", 1), needs="pandas"),
    case("missing file was looked for", _C, MISS, stage("try:\n    y = open('x.txt').read()\nexcept OSError:\n    y = None", RAN), restart(),
         write("x.txt", "now"), stage("try:\n    y = open('x.txt').read()\nexcept OSError:\n    y = None", RAN), final("y", "now")),
    *(
        case(f"whether there is a file, by {name}", _C, MISS, cell("import os\nfrom pathlib import Path"), stage(f"y = {asked}", RAN), stage(f"y = {asked}", RESTORED), restart(),
             write("x.txt", "now"), cell("import os\nfrom pathlib import Path"), stage(f"y = {asked}", RAN, why="the state of x.txt changed, now a file of 3 bytes"), final("y", True))
        for name, asked in (("os.path.exists", "os.path.exists('x.txt')"), ("isfile", "os.path.isfile('x.txt')"), ("pathlib", "Path('x.txt').exists()"), ("os.access", "os.access('x.txt', os.R_OK)"))
    ),
    case("whether there is a folder, asked by a helper", _C, MISS, cell("import os\ndef f():\n    return os.path.isdir('d')"), stage("y = f()", RAN), write("d/x.txt", ""), stage("y = f()", RAN, why="now a folder"), final("y", True)),
    case("whether one may run a file", _C, MISS, write("x.sh", "true"), cell("import os"), stage("n = 'x'\ny = os.access(n + '.sh', os.X_OK)", RAN), cell("os.chmod('x.sh', 0o755)"), stage("n = 'x'\ny = os.access(n + '.sh', os.X_OK)", RAN, why="now a file of 4 bytes, executable"), final("y", True)),
    case("whether it is a link", _C, MISS, write("x.txt", "a"), write("real.txt", "a"), cell("import os"), stage("n = 'x'\ny = os.path.islink(n + '.txt')", RAN), cell("os.remove('x.txt')\nos.symlink('real.txt', 'x.txt')"), stage("n = 'x'\ny = os.path.islink(n + '.txt')", RAN, why="now a link to a file of 1 bytes"), final("y", True)),
    case("the size of a file", _C, MISS, write("x.txt", "a"), cell("import os"), stage("n = 'x'\ny = os.stat(n + '.txt').st_size", RAN), write("x.txt", "ab"), stage("n = 'x'\ny = os.stat(n + '.txt').st_size", RAN), final("y", 2)),
    case("another content, asked only whether it is there", _C, HIT, write("x.txt", "a"), cell("import os"), stage("n = 'x'\ny = os.path.exists(n + '.txt')", RAN), write("x.txt", "b"), stage("n = 'x'\ny = os.path.exists(n + '.txt')", RESTORED)),
    case("a folder is made for a result unless it is there", _C, HIT, cell("import pandas as pd, os\ndf = pd.DataFrame({'a': [1]})"), stage("if not os.path.exists('out'):\n    os.mkdir('out')\ndf.to_csv('out/x.csv')", RAN), stage("if not os.path.exists('out'):\n    os.mkdir('out')\ndf.to_csv('out/x.csv')", RESTORED),
         needs="pandas"),
    case("writes a file", _C, OTHER, stage("open('out.txt', 'w').write('a')", UNSTORED, why="it wrote the file out.txt"), restart(),
         stage("open('out.txt', 'w').write('a')", UNSTORED)),
    case("temporary file", _C, HIT, stage("import tempfile, os\nfd, p = tempfile.mkstemp()\nos.close(fd)\nos.remove(p)\ndel p, fd\ny = 1", RAN), restart(),
         stage("import tempfile, os\nfd, p = tempfile.mkstemp()\nos.close(fd)\nos.remove(p)\ndel p, fd\ny = 1", RESTORED)),
    case("/dev/null", _C, HIT, stage("open('/dev/null', 'w').write('a')", RAN), restart(), stage("open('/dev/null', 'w').write('a')", RESTORED)),
    case("to_csv is a result", _C, HIT, cell("import pandas as pd\ndf = pd.DataFrame({'a': [1]})"), stage("df.to_csv('o.csv', index=False)", RAN), restart(),
         remove("o.csv"), cell("import pandas as pd\ndf = pd.DataFrame({'a': [1]})"), stage("df.to_csv('o.csv', index=False)", RESTORED),
         final("open('o.csv').read()", "a\n1\n"), needs="pandas"),
    case("subprocess", _C, OTHER, stage("import subprocess\nsubprocess.run(['true'])\ny = 1", UNSTORED, why="started a process")),
    case("os.system", _C, OTHER, stage("import os\nos.system('true')", UNSTORED)),
    case("environment variable", _C, OTHER, stage("import os\ny = os.environ.get('HOME')", UNSTORED, why="environment variable HOME. Read it in a plain cell above")),
    case("os.getenv", _C, OTHER, stage("import os\ny = os.getenv('NO_SUCH')", UNSTORED, why="NO_SUCH")),
    case("chdir", _C, OTHER, write("sub/x", ""), stage("import os\nos.chdir('sub')", UNSTORED)),
    case("a result's folder is made again", _C, HIT, cell("import pandas as pd, os\ndf = pd.DataFrame({'a': [1]})"), stage("os.makedirs('out/in', exist_ok=True)\ndf.to_csv('out/in/x.csv')", RAN), remove("out/in/x.csv"), cell("os.removedirs('out/in')"), restart(),
         cell("import pandas as pd, os\ndf = pd.DataFrame({'a': [1]})"), stage("os.makedirs('out/in', exist_ok=True)\ndf.to_csv('out/in/x.csv')", RESTORED), final("open('out/in/x.csv').read()", ",a\n0,1\n"), needs="pandas"),
    case("a result behind a link is written there", _C, HIT, cell("import pandas as pd, os\nos.symlink('real.csv', 'x.csv')\ndf = pd.DataFrame({'a': [1]})"), stage("df.to_csv('x.csv')", RAN), remove("real.csv"), stage("df.to_csv('x.csv')", RESTORED),
         final("open('real.csv').read(), os.path.islink('x.csv')", (",a\n0,1\n", True)), needs="pandas"),
    case("a result keeps the file's permissions", _C, HIT, cell("import pandas as pd, os\ndf = pd.DataFrame({'a': [1]})"), stage("df.to_csv('x.csv')", RAN), write("x.csv", "mine"), cell("os.chmod('x.csv', 0o600)"), stage("df.to_csv('x.csv')", RESTORED),
         final("oct(os.stat('x.csv').st_mode)", "0o100600"), needs="pandas"),
    case("working directory is the result", _C, MISS, write("sub/x", ""), cell("import os"), stage("y = os.path.basename(os.getcwd())", RAN), restart("sub"), cell("import os"), stage("y = os.path.basename(os.getcwd())", RAN), final("y", "sub")),
    case("working directory by pathlib", _C, MISS, write("sub/x", ""), cell("from pathlib import Path"), stage("y = Path('x').absolute().parent.name", RAN), restart("sub"), cell("from pathlib import Path"), stage("y = Path('x').absolute().parent.name", RAN), final("y", "sub")),
    case("the same working directory", _C, HIT, write("sub/x", ""), cell("import os"), stage("y = os.path.basename(os.getcwd())", RAN), restart(), cell("import os"), stage("y = os.path.basename(os.getcwd())", RESTORED)),
]  # fmt: skip
