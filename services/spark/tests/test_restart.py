"""What is done to the checkpoint before a start."""
from streaming.main import forget_unfinished


def test_unfinished_batch_is_forgotten(tmp_path):
    for name in ("offsets/7", "offsets/.7.crc", "offsets/8", "offsets/.8.crc", "commits/7", "commits/.7.crc", "metadata"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    forget_unfinished(str(tmp_path))
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()) == [
        "commits/.7.crc", "commits/7", "metadata", "offsets/.7.crc", "offsets/7"]


def test_nothing_to_forget(tmp_path):
    forget_unfinished(str(tmp_path / "none"))
