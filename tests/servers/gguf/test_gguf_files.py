"""Files that cannot be served are refused before anything is loaded, in one line."""

import subprocess
import sys

import pytest
from gguf import GGUFWriter
from ports import free_port

from sleeptime_lib.servers.gguf.header import read_header


def serve(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sleeptime_lib", "serve", "--port", str(free_port())]
    return subprocess.run([*command, *options], capture_output=True, text=True, timeout=120)


def refusal(*options: str) -> str:
    done = serve(*options)
    assert done.returncode == 2
    lines = done.stderr.strip().splitlines()
    assert lines[-1].startswith("sleeptime: ")
    assert not any("Traceback" in line for line in lines)
    return lines[-1]


def test_the_header_tells_what_the_file_holds(model_file):
    header = read_header(model_file)
    assert (header.architecture, header.quantisation) == ("llama", "Q4_1")
    assert header.licence == "apache-2.0"
    assert header.context_length == 8192
    assert not header.has_tools


def test_a_missing_file(tmp_path):
    assert "there is no file" in refusal("--gguf", str(tmp_path / "none.gguf"))


def test_a_file_of_another_kind(tmp_path):
    path = tmp_path / "model.gguf"
    path.write_text("not a model")
    assert "is not a GGUF file" in refusal("--gguf", str(path))


@pytest.mark.parametrize("kept", [200, 100_000, 50_000_000])
def test_a_file_that_was_cut_short(tmp_path, model_file, kept):
    path = tmp_path / "cut.gguf"
    with model_file.open("rb") as whole:
        path.write_bytes(whole.read(kept))
    assert "damaged or cut short" in refusal("--gguf", str(path))


def test_an_architecture_that_the_library_lacks_names_those_it_has(tmp_path):
    path = tmp_path / "mamba.gguf"
    writer = GGUFWriter(path, "mamba")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    said = refusal("--gguf", str(path))
    assert "'mamba'" in said
    assert "qwen2" in said


def test_too_little_memory_says_how_much_it_takes(model_file):
    said = refusal("--gguf", str(model_file), "--cache-gb", "4096")
    assert "4096" in said
    assert "are free" in said


@pytest.mark.parametrize("option", ["--slots", "--cache-gb"])
def test_an_option_out_of_range(model_file, option):
    assert option in refusal("--gguf", str(model_file), option, "0")


def test_a_port_in_use_is_told(server, model_file):
    port = server.base_url.split(":")[-1].split("/")[0]
    done = serve("--gguf", str(model_file), "--port", port, "--cache-gb", "1")
    assert done.returncode != 0
    assert "address already in use" in done.stderr
