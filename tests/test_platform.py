"""The one OS-specific module: durable writes, private files, maps, mounts; and what is left without fcntl and pwd."""

from __future__ import annotations

import errno
import mmap
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from nbexp import platform

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX permissions")


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content in (b"one", b"", b"three"):
        platform.replace_file(os.fspath(path), content)
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


@posix
def test_a_replaced_file_has_the_mode_it_was_given(tmp_path: Path) -> None:
    for mode in (0o600, 0o644):
        platform.replace_file(os.fspath(tmp_path / "file"), b"", mode)
        assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == mode


def test_a_replacement_that_fails_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError):
        platform.replace_file(os.fspath(tmp_path / "taken"), b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_the_first_of_two_new_files_stands(tmp_path: Path) -> None:
    for number in "12":
        (tmp_path / number).write_text(number)
    path = os.fspath(tmp_path / "name")
    assert platform.publish_new(os.fspath(tmp_path / "1"), path)
    assert not platform.publish_new(os.fspath(tmp_path / "2"), path)
    assert (tmp_path / "name").read_text() == "1"
    assert [path.name for path in tmp_path.iterdir()] == ["name"]


def test_the_first_of_two_new_files_stands_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: str, target: str) -> None:
        raise PermissionError(1, "no hard links here")

    monkeypatch.setattr(os, "link", refuse)
    test_the_first_of_two_new_files_stands(tmp_path)


def test_creating_a_file_never_follows_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(FileExistsError):
        platform.create(os.fspath(tmp_path / "link"))
    assert not (tmp_path / "target").exists()


def test_only_plain_files_are_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    odd = [tmp_path, tmp_path / "link", Path(os.devnull), tmp_path / "gone"]
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        odd.append(tmp_path / "pipe")
    for path in odd:
        with pytest.raises(OSError):
            platform.open_regular(os.fspath(path))
    os.close(platform.open_regular(os.fspath(tmp_path / "file")))


def test_removing_a_link_leaves_its_target(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    assert platform.remove(os.fspath(tmp_path / "link"))
    assert (tmp_path / "file").exists()
    assert not platform.remove(os.fspath(tmp_path / "link"))


def test_a_map_is_private_and_outlives_the_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    fd = platform.open_regular(os.fspath(path))
    view = platform.map_private(fd, 3)
    os.close(fd)
    view[0] = ord("X")
    assert path.read_bytes() == b"abc"
    path.unlink()
    assert bytes(view) == b"Xbc"


def refuse_to_map(*_: object, **__: object) -> None:
    raise OSError(errno.EMFILE, "Too many open files")


@pytest.mark.parametrize("way", ["mapped", "small", "no descriptor left", "enough maps"])
def test_what_is_not_mapped_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    monkeypatch.setattr(platform, "MAPPED_BYTES", 1 << 20 if way == "small" else 1)
    if way == "no descriptor left":
        monkeypatch.setattr(platform, "_mapped", refuse_to_map)
    if way == "enough maps":
        monkeypatch.setattr(platform, "_MAPS_HOLD_NONE", False)
        monkeypatch.setattr(platform, "_most_maps", lambda: 0)
    path = tmp_path / "file"
    path.write_bytes(b"abc" * 1000)
    fd = platform.open_regular(os.fspath(path))
    os.lseek(fd, 7, os.SEEK_SET)  # as after it was hashed
    views = [platform.map_private(fd, 3000) for _ in range(2)]
    os.close(fd)
    views[0][0] = ord("X")
    assert path.read_bytes() == bytes(views[1]) == b"abc" * 1000
    assert bytes(views[0]) == b"X" + (b"abc" * 1000)[1:]
    assert isinstance(views[0].obj, mmap.mmap if way == "mapped" else bytearray)


def test_a_file_that_is_cut_short_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    fd = platform.open_regular(os.fspath(tmp_path / "file"))
    with pytest.raises(OSError, match="cut short"):
        platform.map_private(fd, 4)
    os.close(fd)


@posix
def test_maps_take_a_part_of_the_descriptors_and_give_them_back(tmp_path: Path) -> None:
    code = f"""
import os, resource
from nbexp import platform
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
path = {os.fspath(tmp_path / "file")!r}
open(path, "wb").write(bytes(platform.MAPPED_BYTES))
def views():
    for _ in range(100):
        fd = platform.open_regular(path)
        yield platform.map_private(fd, platform.MAPPED_BYTES)
        os.close(fd)
for _ in range(2):
    kept = list(views())
    print(sum(type(view.obj).__name__ == "mmap" for view in kept))
    view = None
    del kept
open(path).close()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    few = "16" if sys.version_info < (3, 13) else "100"
    assert done.stdout.split() == [few, few], done.stderr


def test_an_empty_file_maps_to_nothing(tmp_path: Path) -> None:
    assert bytes(platform.map_private(-1, 0)) == b""


@posix
def test_private_folders_are_made_and_kept_private(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    platform.make_private_dir(os.fspath(folder))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o755)
    platform.make_private_dir(os.fspath(folder))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@posix
@pytest.mark.parametrize(("mode", "private"), [(0o600, True), (0o400, True), (0o640, False), (0o604, False)])
def test_what_others_can_read_is_not_private(tmp_path: Path, mode: int, private: bool) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "file").chmod(mode)
    assert platform.is_private((tmp_path / "file").stat()) == private


def test_the_nearest_folder_decides_whether_a_place_can_be_written(tmp_path: Path) -> None:
    assert platform.writable(os.fspath(tmp_path / "new" / "newer"))
    (tmp_path / "file").write_text("")
    assert not platform.writable(os.fspath(tmp_path / "file"))
    assert not platform.writable(os.fspath(tmp_path / "file" / "below"))


@posix
def test_processes_that_ended_are_not_alive() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert platform.process_alive(os.getpid())
    assert platform.process_alive(1)
    assert not platform.process_alive(child.pid)


MOUNTS = """\
22 1 0:20 / / rw - ext4 /dev/sda rw
23 22 0:21 / /home rw - nfs4 server:/home rw
24 23 0:22 / /home/me/local rw,relatime shared:1 - ext4 /dev/sdb rw
25 22 0:23 / /mnt/with\\040space rw - cifs //server/share rw
26 22 0:24 / /mnt/cloud rw - fuse.sshfs me@host: rw
27 22 0:25 / /homework rw - tmpfs none rw
"""


@pytest.mark.parametrize(
    ("path", "network"),
    [
        ("/etc", False),
        ("/home", True),
        ("/home/me", True),
        ("/home/me/local/x", False),
        ("/homework", False),
        ("/mnt/with space/x", True),
        ("/mnt/cloud", True),
    ],
)
def test_network_mounts_are_told_from_local_ones(monkeypatch: pytest.MonkeyPatch, path: str, network: bool) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "_read_text", lambda name: MOUNTS)
    assert platform._network_mount.__wrapped__(path) == network


def test_mounts_listed_by_command_are_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    listing = "/dev/disk1 on / (apfs, local, journaled)\n//me@nas/x y on /Volumes/x y (smbfs, nodev)\n"
    done = subprocess.CompletedProcess([], 0, stdout=listing)
    monkeypatch.setattr(subprocess, "run", lambda *args, **options: done)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert platform._network_mount.__wrapped__("/Volumes/x y/store")
    assert not platform._network_mount.__wrapped__("/Users/me")


def test_this_machines_own_folders_are_local(tmp_path: Path) -> None:
    if "9p" not in platform._read_text("/proc/mounts"):
        assert not platform.is_network(os.fspath(tmp_path / "new"))


@pytest.mark.parametrize(("function", "variable"), [("config_dir", "XDG_CONFIG_HOME"), ("cache_dir", "XDG_CACHE_HOME")])
def test_folders_follow_the_environment(monkeypatch: pytest.MonkeyPatch, function: str, variable: str) -> None:
    monkeypatch.setenv(variable, "/elsewhere")
    assert getattr(platform, function)() == Path("/elsewhere/nbexp")
    monkeypatch.delenv(variable)
    assert getattr(platform, function)().is_relative_to(Path.home())


HIDDEN = """
import os, sys
for name in ("fcntl", "resource", "pwd", "grp"):
    sys.modules[name] = None
for name in ("fork", "register_at_fork"):
    delattr(os, name)
import socket
os.environ.pop("USER", None), os.environ.pop("LOGNAME", None), os.environ.pop("USERNAME", None)
from pathlib import Path
from nbexp import platform
from nbexp.records import Key, Record
from nbexp.store import Store
assert platform.author().endswith("@" + socket.gethostname())
store = Store.open(Path(sys.argv[1]))
store.commit(Record("a", "", "", Key("ab" * 32, ())), b"graph", [bytes(2 << 20)])
(found,) = store.candidates("ab" * 32)
assert bytes(store.load(found).graph) == b"graph"
print("done")
"""


def test_a_store_works_without_fcntl_resource_pwd_and_fork(tmp_path: Path) -> None:
    environment = os.environ | {"XDG_CONFIG_HOME": os.fspath(tmp_path), "XDG_CACHE_HOME": os.fspath(tmp_path)}
    command = [sys.executable, "-c", HIDDEN, os.fspath(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert done.stdout == "done\n", done.stderr
